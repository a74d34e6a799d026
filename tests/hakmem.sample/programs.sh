#!/bin/sh
# SPDX-License-Identifier: MIT
# programs.sh - real programs that are sampled from the start print what they print without the library, and leave a
# profile, most of whose stacks are whole.
set -u
. "$TOP/tests/lib/judge.sh"

sampled() # sampled NAME COMMAND...
{
    name=$1
    shift
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "UNSUPPORTED: $name"
        return
    fi
    "$@" >plain 2>&1 </dev/null
    echo "status $?" >>plain
    for every in 524288 1000; do
        rm -f "$name.heap"
        HAKMEM_PROFILE=$PWD/$name.heap HAKMEM_SAMPLE_BYTES=$every LD_PRELOAD=$SO "$@" >with 2>&1 </dev/null
        echo "status $?" >>with
        judge "$name, each $every bytes: prints the same" "$(diff plain with)"
        judge "$name, each $every bytes: leaves a profile" "$(sed -n '1{/^heap profile: [0-9]/!p;}' "$name.heap" 2>&1)"
    done
    all=$(grep -c '^# samples=' "$name.heap")
    whole=$(grep -c '^# samples=.* complete=1' "$name.heap")
    echo "$name: $whole of $all stacks are whole"
    judge "$name: most stacks are whole" "$([ "$all" -gt 0 ] && [ $((whole * 10)) -ge $((all * 8)) ] || echo "$whole of $all")"
}

sampled sort sort /etc/passwd
sampled perl perl -e 'my %h; $h{$_ % 500} .= "x$_" for 1..50000; print join ",", sort keys %h'
sampled sqlite3 sqlite3 :memory: "create table t(a, b);
    with recursive c(x) as (select 1 union all select x + 1 from c where x < 20000) insert into t select x, hex(x) from c;
    create index i on t(b); select count(*) from t a join t b on a.b = b.b;"
sampled git git --no-pager -c core.pager=cat --git-dir=/nonexistent version
sampled python3 /usr/bin/python3 -c 'd = {i: str(i) for i in range(40000)}; print(sorted(d.values())[:9])'
sampled gcc gcc -O1 -S -o /dev/null "$TOP/tests/hakmem.sample/lives.c" -I"$TOP/tests/lib" -I"$TOP/include" -D_GNU_SOURCE
exit 0
