#!/bin/sh
# SPDX-License-Identifier: MIT
# instructions.sh [TABLE [NAME...]] - no path executes more instructions than its budget in the table.
# shellcheck disable=SC1091,SC2154
set -u
. "$TOP/tests/hakmem.cost/common.sh"
table=${1:-$here/instructions.budget}
[ $# -eq 0 ] || shift

judge() # judge NAME WHERE MEASURED BUDGET FILE
{
    if [ "$4" != - ] && awk "BEGIN { exit !($3 > $4) }"; then
        echo "FAIL: $1: $3 instructions in $2, budget $4 ($table); to see where: callgrind_annotate $5"
        return 1
    fi
}

work=$SCRATCH/instructions.d
rm -rf "$work"
mkdir -p "$work" || exit 1
reason=$(other_build "$table")
[ -n "$reason" ] || reason=$(no_valgrind)
if [ -n "$reason" ]; then
    echo "UNSUPPORTED: counting instructions: $reason"
    rm -rf "$work"
    exit 0
fi
if ! words=$(compile paths paths); then
    echo "FAIL: compiling paths.c: $words"
    exit 0
fi

if [ $# -eq 0 ]; then
    for path in $("$work/paths" --list); do
        rows "$table" "$path" | grep -q . || rows "$here/calls.budget" | grep -q "paths $path\$" ||
            echo "FAIL: path $path has no budget"
    done
fi
known_libc=$(setting "$table" libc)
rows "$table" "$@" >"$work/rows"
while read -r name library elsewhere _; do
    [ "$(getconf GNU_LIBC_VERSION)" = "$known_libc" ] || elsewhere=-
    cost=$(count_instructions "$name")
    in_library=${cost%% *} rest=${cost#* }
    in_libc=${rest%% *} dump=${rest#* }
    kept=$SCRATCH/$name.callgrind
    if [ "$in_library" = - ]; then
        echo "FAIL: $name: it could not be counted: $dump"
    elif awk "BEGIN { exit !($in_library <= 0) }"; then
        echo "FAIL: $name: no instruction of the library was seen"
    elif judge "$name" "the library" "$in_library" "$library" "$kept" &&
        judge "$name" "the C library, called by it," "$in_libc" "$elsewhere" "$kept"; then
        echo "PASS: $name: $in_library instructions, budget $library"
    else
        cp "$dump" "$kept"
    fi
done <"$work/rows"
rm -rf "$work"
exit 0
