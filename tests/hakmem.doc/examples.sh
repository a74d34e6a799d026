#!/bin/sh
# SPDX-License-Identifier: MIT
# examples.sh - the example in the page of each variable is a command that works, and says nothing it need not.
# Where the variable prints or traces something, a line of ours is seen. The keys in the example of
# hakmem.conf(5) exist.
set -u
. "$TOP/tests/hakmem.doc/common.sh"
begin_work examples

# The lines between .EX and .EE of a section, as they are typed.
example() # example PAGE SECTION
{
    awk -v section="$2" '
        /^\.SH / { inside = substr($0, 5) == section }
        inside && /^\.EE/ { print_it = 0 }
        print_it { print }
        inside && /^\.EX/ { print_it = 1 }' "$1" | as_typed
}

for page in "$dir"/HAKMEM_*.7; do
    name=$(basename "$page" .7)
    command=$(example "$page" EXAMPLES)
    case $command in
        "LD_PRELOAD=libhakmem.so.1 $name="?*) ;;
        *)
            echo "FAIL: $name: the example does not set it: $command"
            continue
            ;;
    esac
    program=$(echo "$command" | tr ' ' '\n' | grep -v = | head -n 1)
    if ! command -v "$program" >/dev/null; then
        echo "UNSUPPORTED: $command: $program is missing"
        continue
    fi
    talks=$(grep -cE "^$name \\\\- (print|trace) " "$page")
    case $name in *_LOCK_STATS) talks=0 ;; esac # one thread contends for nothing
    if words=$(LD_LIBRARY_PATH=$LIBS timeout 60 sh -c "$command" 2>&1 >/dev/null </dev/null); then
        judge "$command" "$(echo "$words" | grep -v '^hakmem: ' | grep . ; echo "$words" | grep -e 'bad value' -e unknown
            [ "$talks" = 0 ] || echo "$words" | grep -q '^hakmem: ' || echo "no line of ours")"
    else
        echo "FAIL: $command: $words"
    fi
done

rows=$(sed -n 's/^HAK_OPTION(\([A-Z0-9_]*\),.*/\1/p' "$TOP/lib/settings/options.def" | tr 'A-Z' 'a-z')
keys=$(example "$dir/hakmem.conf.5" EXAMPLES | sed -n 's/^\([a-z_]*\) =.*/\1/p')
judge "hakmem.conf(5) has an example" "$([ "$(echo "$keys" | wc -l)" -ge 4 ] || echo "$keys")"
judge "of keys that exist" "$(echo "$keys" | grep -vxF -e "$rows")"
rm -rf "$work"
exit 0
