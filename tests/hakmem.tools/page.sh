#!/bin/sh
# SPDX-License-Identifier: MIT
# page.sh - hakmem(1): its examples work, show what they show, and it names every command and flag.
set -u
. "$TOP/tests/hakmem.tools/common.sh"

page=$BUILD/man/hakmem.1
[ -f "$page" ] || page=$TOP/man/hakmem.1
if [ ! -f "$page" ]; then
    echo "FAIL: hakmem.1 is built"
    exit 0
fi
plain() { sed 's/\\f[A-Z]//g; s/\\-/-/g; s/\\(aq/'"'"'/g; s/\\e/\\/g'; }

# The library with something to show, as process 1234.
cat >redis-server.c <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
    for (int i = 0; i < 20000; i++)
        memset(malloc(300), 1, 300);
    (void)!write(1, "ready\n", 6);
    for (;;) {
        free(malloc(300));
        usleep(1000);
    }
}
END
$CC -O1 -fno-builtin -o redis-server redis-server.c || exit 1
start out env LD_PRELOAD="$SO" ./redis-server || exit 1

# Numbers differ from those of the page, and how wide they are.
shape() { sed 's/[0-9][0-9.]*[KMG%]*/N/g; s/  */ /g'; }
PATH=$(dirname "$HAK"):$PATH
export PATH
awk '/^\.SH EXAMPLES/ { inside = 1 } /^\.SH SEE/ { inside = 0 }
    /^\.EE/ { shown = 0 } inside && shown { print } /^\.EX/ { shown = 1 }' "$page" | plain >examples
count=0
while IFS= read -r line; do
    case $line in
    '$ '*)
        count=$((count + 1))
        command=$(echo "${line#??}" | sed "s/1234/$target/; s/--interval 5/--interval 0.1/")
        case $command in *python3*)
            if ! command -v python3 >/dev/null; then
                echo "UNSUPPORTED: $line"
                continue
            fi
            ;;
        esac
        timeout 30 sh -c "$command" >shown 2>&1
        result $? "$line"
        shape <shown >shapes
        ;;
    *) judge "it shows: $line" "$(grep -qxF -e "$(echo "$line" | shape)" shapes || cat shown)" ;;
    esac
done <examples
[ $count -ge 7 ]
result $? "there are examples"

plain <"$page" >text
for command in run options check stat explain top purge profile leaks metrics; do
    judge "it describes $command" "$(grep -q "^\.SS hakmem $command" text || echo missing)"
    judge "and all its flags" "$("$HAK" help $command | grep -o -e '--[a-z][a-z]*' | sort -u | while read -r flag; do
        grep -qe "$flag" text || echo "$flag"
    done)"
done
judge "and the parts of explain" "$("$HAK" explain --json "$target" | sed -n '/"parts"/,/}/s/^ *"\([a-z_]*\)": [0-9].*/\1/p' |
    while read -r part; do grep -qw "$part" text || echo "$part"; done)"
page=$(dirname "$page")/hakmem-profile.1
plain <"$page" >text
judge "hakmem-profile(1) has all flags of profile" "$("$HAK" help profile | grep -o -e '--[a-z][a-z]*' | sort -u | while read -r flag; do
    grep -qe "$flag" text || echo "$flag"
done)"
exit 0
