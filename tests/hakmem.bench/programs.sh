#!/bin/sh
# SPDX-License-Identifier: MIT
# programs.sh - each workload program, with small numbers, under libhakmem: status 0 and one line of
# key=value words; --help; options that make no sense are refused with a message and status 2.
set -u
bench=$BUILD/bench
out=$SCRATCH/bench.out
err=$SCRATCH/bench.err
cd "$TOP/bench" || exit 1
trap 'rm -f "$out" "$err"' EXIT

judge() # judge WHAT WORDS: passed when there are no words
{
    if [ -z "$2" ]; then echo "PASS: $1"; else echo "FAIL: $1: $2"; fi
}

run() # run PROGRAM [ARGUMENT]...: under libhakmem; its status
{
    program=$1
    shift
    LD_PRELOAD=$SO timeout 20 "$bench/$program" "$@" >"$out" 2>"$err"
}

wrong_line() # what is wrong with the line of results
{
    [ "$(wc -l <"$out")" -eq 1 ] || echo "not one line;"
    tr ' ' '\n' <"$out" | grep -Ev '^workload=[a-z_]+$|^[a-z0-9_]+=[0-9.e+-]+$' | head -n 1
    for key in ops seconds mops cpu_seconds cpu_mops user_s sys_s rss_peak_kb rss_end_kb minflt majflt; do
        grep -Eq "(^| )$key=" "$out" || echo "no $key;"
    done
    [ ! -s "$err" ] || head -n 1 "$err"
}

runs() # runs PROGRAM ARGUMENT...
{
    run "$@"
    status=$?
    words=$([ $status -eq 0 ] || echo "status $status")
    judge "$* runs" "$words$(wrong_line)"
}

# Status 2, one line on stderr, nothing on stdout.
refuses() # refuses PROGRAM ARGUMENT...
{
    run "$@"
    status=$?
    words=$([ $status -eq 2 ] || echo "status $status;")
    judge "$* is refused" "$words$([ ! -s "$out" ] || echo "results;")$(
        [ "$(wc -l <"$err")" -eq 1 ] || echo "not one line of message;")"
}

# Every option set to zero: it runs, or it is refused in words. Nothing else may happen.
zeros() # zeros PROGRAM ARGUMENT...
{
    program=$1
    bad=
    for option in $("$bench/$program" --help | sed -n 's/^  --\([a-z]*\) .*([0-9]*)$/\1/p'); do
        run "$@" "--$option" 0
        status=$?
        case $status in
        0) bad=$bad$(wrong_line) ;;
        2) [ -s "$err" ] || bad="$bad --$option 0: no message;" ;;
        *) bad="$bad --$option 0: status $status;" ;;
        esac
    done
    judge "$program: zeros" "$bad"
}

# Each program once with small numbers, then with all that must not bring it down.
check() # check PROGRAM ARGUMENT...
{
    if [ ! -x "$bench/$1" ]; then
        echo "UNSUPPORTED: $1 is not built (make bench-programs)"
        return
    fi
    runs "$@"
    zeros "$@"
    LC_ALL=C "$bench/$1" --help >"$out" 2>"$err"
    status=$?
    judge "$1 --help" "$([ $status -eq 0 ] || echo "status $status;")$(
        grep -q '^Usage: ' "$out" || echo "no usage;")$([ ! -s "$err" ] || echo "a message;")"
    refuses "$1" --nonsense 1
    refuses "$1" word
    option=$("$bench/$1" --help | sed -n 's/^  --\([a-z]*\) .*([0-9]*)$/\1/p' | head -n 1)
    refuses "$1" "--$option"
    refuses "$1" "--$option" -1
    refuses "$1" "--$option" 12x
    refuses "$1" "--$option" 99999999999999999999
}

check burst --rounds 2 --mb 1 --replace 1000 --requests 2 --sleep 1
check churn --ops 20 --blocks 30
check exchange --ms 5
check fastpath --pairs 100
check first_touch --mb 1
check frag --blocks 1000
check giveback --mb 1 --work 1 --idle 1
check grow --last 100000 --repeats 1
check handover --ops 1000
check large --largest 2000000 --ms 1
check larson --ops 1000 --blocks 100 --term 100
check latency --ops 2000 --slots 100
check lookup --blocks 100 --ops 1000
check mix --file mixes/compiler.mix --ops 2000
check pairs --ms 1
check phases --mb 1
check random_mixed --ops 2000
check requests --ops 2000
check sharing --ms 2 --writes 10
check shift --mb 1 --ops 2000
check swell --many 5 --ops 5000 --slots 50
check vectors --ops 2000 --vectors 20

if [ -x "$bench/latency" ]; then
    runs latency --ops 2000 --threads 3
    runs latency --ops 2000 --burst 100
    runs exchange --ms 5 --producers 2
    runs exchange --ms 5 --consumers 2
    runs exchange --ms 5 --circle 3
    runs handover --ops 1000 --batch 300
    runs large --largest 2000000 --ms 1 --pages 0
    runs mix --file mixes/interpreter.mix --ops 2000
    runs mix --file mixes/database.mix --ops 2000
    runs random_mixed --ops 2000 --threads 3
    runs requests --ops 2000 --align 4096
    runs sharing --ms 2 --passive 1
    runs swell --many 5 --ops 5000 --slots 50 --park 1
    runs swell --few 3 --many 3 --ops 5000 --slots 50
    refuses mix
    refuses mix --file mixes/no-such-file.mix
    refuses mix --file mix.c
    refuses random_mixed --threads 2 --warm 1
    refuses requests --align 48
    refuses swell --few 3 --many 2
fi

# What they do does not depend on the clock.
twice() # twice PROGRAM ARGUMENT...
{
    run "$@"
    first=$(grep -o ' ops=[0-9]*' "$out")
    run "$@"
    judge "$*: the same work again" "$(grep -q "^workload=[a-z]*$first " "$out" || echo "$first; $(cat "$out")")"
}
if [ -x "$bench/burst" ]; then
    twice burst --rounds 2 --mb 1 --replace 1000 --requests 2 --sleep 1
    twice shift --mb 1 --ops 2000
fi

# In order, none above the next one.
if run latency --ops 5000 --slots 100; then
    words=$(tr ' ' '\n' <"$out" | sed -n 's/^\(p[0-9]*\|max\)_ps=/\1 /p' |
        awk '$2 + 0 < last + 0 { print $1 " is below the one before it;" } { last = $2; n++ }
             END { if (n < 18) print n " percentiles" }')
    judge "latency: percentiles rise" "$words"
fi
exit 0
