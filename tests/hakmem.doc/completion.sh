#!/bin/sh
# SPDX-License-Identifier: MIT
# completion.sh - what bash offers behind hakmem: subcommands, every option, values, files.
# shellcheck disable=SC2016,SC2086,SC2116,SC2018,SC2019,SC2254
set -u
file=$BUILD/tools/completion.bash

if ! command -v bash >/dev/null; then
    echo "UNSUPPORTED: bash is missing"
    exit 0
fi
words=$(bash -n "$file" 2>&1)
if [ -z "$words" ]; then echo "PASS: bash reads it"; else printf 'FAIL: bash reads it\n%s\n' "$words"; fi

offers() # offers WANTED WORD...: the WORDs are the command line as bash splits it; the last is completed
{
    wanted=$1
    shift
    found=$(cd "$TOP" && bash -c '. "$0"
        compopt() { :; } # only works where bash itself completes
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _hakmem
        echo "${COMPREPLY[@]}"' "$file" "$@" 2>&1)
    case $found in
        $wanted) echo "PASS: $*" ;;
        *) echo "FAIL: $*: offered '$found', not '$wanted'" ;;
    esac
}

offers 'run options check stat explain top purge profile leaks metrics help --help --version' hakmem ''
offers 'stat' hakmem st
offers '' hakmem none ''
for id in $(sed -n 's/^HAK_OPTION(\([A-Z0-9_]*\),.*/\1/p' "$TOP/lib/settings/options.def" | tr 'A-Z' 'a-z'); do
    offers "*$id=*" hakmem run --option "$id"
done
offers 'purge_delay=' hakmem run --stats --option pu
offers '0 1' hakmem run --option enabled = ''
offers '0 1' hakmem run --option enabled =
offers '0 1 2' hakmem run --option tiny_ss_shared = ''
offers 'HACKING.md' hakmem run --option stats_file = HACK
offers '' hakmem run --option cache_bytes = ''
offers '*sort*' hakmem run so
offers '*sort*' hakmem run --option ace = 0 so
offers '--stats --stats=' hakmem run --st
offers 'HACKING.md' hakmem run sort HACK
offers '' hakmem run sort --st
offers 'HACKING.md' hakmem check --library HACK
offers 'HACKING.md' hakmem options --conf HACK
offers '*sort*' hakmem options --program so
offers '--json --classes' hakmem stat -
offers 'options' hakmem help opt
offers 'pid unit program' hakmem metrics --by ''
offers 'HACKING.md' hakmem metrics --output HACK
offers 'text pprof folded html json' hakmem profile --format ''
offers 'inuse_space inuse_objects' hakmem profile --type in
offers 'HACKING.md' hakmem profile --input HACK
offers '*sort*' hakmem profile --seconds 3 -- so
offers 'HACKING.md' hakmem profile -- sort HACK
offers '' hakmem help run ''
for command in run options check stat explain top purge profile leaks metrics; do # what its help shows
    shown=$("$BUILD/tools/hakmem" help $command | grep -oE '^ +--[a-z]+(\[=)?' | tr -d ' [' | uniq | sed 's/\(.*\)=/\1 \1=/')
    offers "$(echo $shown)" hakmem $command -
done
for command in check stat explain top purge profile leaks; do
    offers "*$$*" hakmem $command "$$"
done
exit 0
