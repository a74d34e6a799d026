#!/bin/sh
# SPDX-License-Identifier: MIT
# quickstart.sh - what quickstart run says of a program comes from the right lines of its statistics.
set -u
. "$TOP/tests/hakmem.doc/common.sh"
begin_work quickstart

[ -f "$TOP/quickstart" ] || {
    echo "FAIL: there is a quickstart"
    exit 0
}
sed -n '/^summary()/,/^}/p' "$TOP/quickstart" >summary.sh
. ./summary.sh

# A block as the library writes it, each line with a number of its own.
HAKMEM_STATS_FILE=stats LD_PRELOAD=$SO ls / >/dev/null
awk -F = '/=[0-9]+$/ { print $1 "=" (NR + 1) * 11 * 1048576; next } { print }' stats >numbers
pid=$(sed -n 's/^pid=//p' numbers)
mebibytes() { sed -n "s/^$1=//p" numbers | awk '{ printf "%.0f MiB", $1 / 1048576 }'; }
summary numbers "$pid" 0 ls 2>said

says() # says LABEL FIELD
{
    judge "$1 is $2" "$(grep -q "^  $1  *$(mebibytes "$2")" said ||
        { echo "not $(mebibytes "$2"):" && cat said; })"
}
says resident process_resident_bytes
says mapped mapped_bytes
says "kept for reuse" retained_bytes
says purged purged_bytes
for field in $(grep -o 's\["[a-z_]*"\]' summary.sh | sed 's/.*"\(.*\)".*/\1/' | sort -u); do
    judge "there is $field" "$(grep -q "^$field=" stats || echo "not in the block")"
done
exit 0
