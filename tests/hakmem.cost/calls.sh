#!/bin/sh
# SPDX-License-Identifier: MIT
# calls.sh [TABLE [NAME...]] - no workload makes more system calls than its budget in the table, and none
# of other names than memory and locks need.
# shellcheck disable=SC1091,SC2086,SC2154
set -u
. "$TOP/tests/hakmem.cost/common.sh"
table=${1:-$here/calls.budget}
[ $# -eq 0 ] || shift

work=$SCRATCH/calls.d
rm -rf "$work"
mkdir -p "$work" || exit 1
reason=$(no_strace)
if [ -n "$reason" ]; then
    echo "UNSUPPORTED: counting system calls: $reason"
    rm -rf "$work"
    exit 0
fi
if ! words=$(compile paths paths && build_workloads); then
    echo "FAIL: building the workloads: $words"
    exit 0
fi

# Reads what count_calls prints; BUDGET... in the order of the table.
judge() # judge NAME TRACE BUDGET...
{
    name=$1 kept=$2
    shift 2
    awk -v name="$name" -v kept="$kept" -v table="$table" -v names="$call_names total" -v budgets="$*" '
        function bad(words) { print "FAIL: " name ": " words "; to see them: " kept; failed = 1 }
        BEGIN {
            n = split(names, call, " ")
            split(budgets, number, " ")
            for (i = 1; i <= n; i++) budget[call[i]] = number[i]
        }
        $1 == "failed" { sub(/^failed */, ""); bad($0); next }
        $1 == "other" {
            bad($3 " calls of " $2 ", which the library has no business to make; the program makes " $4)
            next
        }
        $2 + 0 > budget[$1] + 0 { bad($1 ": " $2 " calls, budget " budget[$1] + 0 " (" table ")") }
        $2 + 0 > 0 { seen = seen " " $1 " " $2 }
        END { if (!failed) print "PASS: " name ":" (seen ? seen : " none"); exit failed }'
}

rows "$table" "$@" >"$work/rows"
while read -r name kind m1 m2 m3 m4 m5 m6 m7 total command; do
    kept=$SCRATCH/$name.strace
    count_calls "$kind" $command </dev/null | judge "$name" "$kept" $m1 $m2 $m3 $m4 $m5 $m6 $m7 $total ||
        cp "$work/ours" "$kept"
done <"$work/rows"
rm -rf "$work"
exit 0
