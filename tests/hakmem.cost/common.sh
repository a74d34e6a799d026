# SPDX-License-Identifier: MIT
# common.sh - what the scripts of this family share: building, counting instructions and system calls.
#
# Read with ".". TOP BUILD LIBS SO CC SCRATCH are set as the test library sets them; here may be set, too:
# VALGRIND and STRACE, the programs; PRELOAD, what is preloaded in place of $SO.
# shellcheck shell=sh disable=SC2034,SC2086,SC2154
here=$TOP/tests/hakmem.cost
valgrind=${VALGRIND:-valgrind} strace=${STRACE:-strace} preload=${PRELOAD:-$SO}
call_names='mmap munmap mremap mprotect madvise brk futex'

# Compile NAME.c of this family to $work/OUTPUT.
compile() # compile NAME OUTPUT FLAG...
{
    name=$1 output=$2
    shift 2
    $CC -O2 -g -fno-builtin -Wall -Wextra -D_GNU_SOURCE "$@" "$here/$name.c" -o "$work/$output" -pthread \
        -Wl,-z,now 2>&1
}

# The rows of a table: no comments, no settings, and of those only NAME... if any is given.
rows() # rows TABLE [NAME...]
{
    table=$1
    shift
    awk -v names=" $* " '
        /^ *#/ || NF < 3 || $1 == "setting" { next }
        names == "  " || index(names, " " $1 " ")' "$table"
}

setting() # setting TABLE NAME: the value in a line "setting NAME VALUE"
{
    sed -n "s/^setting *$2 *//p" "$1"
}

# --- may anything be counted here? -----------------------------------------------------------------------

# The value of a variable in the makefile that built the library.
make_variable() { sed -n "s/^$1 *= *//p" "$BUILD/lib/Makefile"; }

library_compiler() # "gcc 12", from the library itself
{
    readelf -p .comment "$SO" 2>/dev/null |
        sed -n 's/.*GCC: .* \([0-9]*\)\.[0-9.]*$/gcc \1/p; s/.*clang version \([0-9]*\).*/clang \1/p' |
        sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Why the counts of an optimised build say nothing about this one; nothing if they do.
other_build() # other_build TABLE
{
    if [ ! -f "$SO" ]; then
        echo "there is no libhakmem.so in this build (a sanitizer build?)"
        return
    fi
    case " $(make_variable HAK_CFLAGS) $(make_variable CPPFLAGS) " in
        *' -DHAK_DEBUG'*) echo "the library was configured with --enable-debug"; return ;;
    esac
    odd='' level=
    for word in $(make_variable CPPFLAGS) $(make_variable CFLAGS); do
        case $word in
            -O*) level=$word ;;
            -g* | -W* | -pipe) ;;
            *) odd="$odd $word" ;;
        esac
    done
    if [ "$level" != -O2 ] || [ -n "$odd" ]; then
        echo "the library was configured with CFLAGS='$(make_variable CFLAGS)'" \
            "CPPFLAGS='$(make_variable CPPFLAGS)', not -O2 alone"
        return
    fi
    # What "make CFLAGS=..." did is seen in the debug information alone.
    odd=$(readelf --debug-dump=info "$SO" 2>/dev/null | grep 'DW_AT_producer.*: GNU C[0-9]' |
        grep -v -e ' -O2 ' -e ' -O2$' | sed 's/.*: GNU/GNU/; s/-fno-builtin-[a-z_]* *//g' | head -n 1)
    if [ -n "$odd" ]; then
        echo "a file of the library was compiled without -O2: $odd"
        return
    fi
    machine="$(library_compiler) $(uname -m)"
    [ "$machine" = "$(setting "$1" machine)" ] ||
        echo "the budgets are those of $(setting "$1" machine), and the library was built by $machine"
}

no_valgrind()
{
    if ! command -v "$valgrind" >/dev/null; then
        echo "$valgrind is missing"
    elif ! "$valgrind" -q --tool=callgrind --callgrind-out-file=/dev/null true >"$work/log" 2>&1; then
        echo "$valgrind does not work here: $(head -n 1 "$work/log")"
    fi
}

no_strace()
{
    if [ ! -f "$SO" ]; then
        echo "there is no libhakmem.so in this build (a sanitizer build?)"
    elif [ "$(getconf PAGESIZE)" != 4096 ]; then
        echo "the budgets are those of pages of 4096 bytes"
    elif ! command -v "$strace" >/dev/null; then
        echo "$strace is missing"
    elif ! "$strace" -f -qq -o /dev/null true >"$work/log" 2>&1; then
        echo "$strace may not trace here: $(head -n 1 "$work/log")"
    fi
}

# --- instructions ----------------------------------------------------------------------------------------

# Self cost by object: "LIBRARY ELSEWHERE", without the program. The line after "calls=" is the callee's.
self_cost() # self_cost DUMP...
{
    awk '
        /^ob=/ { object = substr($0, 4); sub(/.*\//, "", object); next }
        /^calls=/ { callee = 1; next }
        /^[0-9]/ { if (!callee) cost[object] += $2; callee = 0 }
        END {
            for (object in cost)
                if (object ~ /^libhakmem\.so/) library += cost[object]
                else if (object != "paths") elsewhere += cost[object]
            print library + 0, elsewhere + 0
        }' "$@"
}

# Run PATH under callgrind: "LIBRARY ELSEWHERE DUMP", instructions per repetition and the file that shows
# where they went; or one line "- - WHY". The environment is the same everywhere (the library reads it at its
# start), and of the functions of the C library that exist for several processors those of the oldest one are
# taken, so that counts do not depend on the machine. The engine decides by the clock: a slow run would count
# more of its decisions than a fast one, so it and the helper are off, but for the start, where reading that would
# count.
count_instructions() # count_instructions PATH
{
    dumps=$work/$1 engine='HAKMEM_ACE=0 HAKMEM_ACE_THREAD=0'
    [ "$1" != start ] || engine=
    if ! words=$(env -i PATH="$PATH" $engine COST_STANDIN="${COST_STANDIN-}" LD_PRELOAD="$preload" \
        GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-AVX512VL,-RTM,-ERMS,-FSRM \
        "$valgrind" -q --tool=callgrind --compress-strings=no --compress-pos=no \
        --callgrind-out-file="$dumps.%p" --dump-before=cost_mark "$work/paths" "$1" 2>"$work/log"); then
        echo "- - $(head -n 1 "$work/log")"
        return
    fi
    pid=${words#pid=} pid=${pid%% *}
    per=${words#*per=} per=${per%% *}
    minus='0 0' shown=$dumps.$pid
    case $words in
        *parts) shown=$shown.3 minus=$(self_cost "$dumps.$pid.2") plus=$(self_cost "$shown") ;;
        *whole) plus=$(self_cost "$shown") ;;
        *children)
            mv "$shown" "$work/parent"
            rm -f "$shown".*
            plus=$(self_cost "$dumps".*)
            shown=$(find "$work" -name "$1.[0-9]*" | head -n 1)
            ;;
    esac
    # callgrind_annotate takes the cost of a function that was entered before the part for the caller's own.
    awk '/^calls=0 / { getline; next } { print }' "$shown" >"$dumps.callgrind"
    rm -f "$dumps".[0-9]* "$work/parent"
    echo "$plus $minus $per" | awk -v file="$dumps.callgrind" '
        { printf "%.3f %.3f %s\n", ($1 - $3) / $5, ($2 - $4) / $5, file }'
}

# --- system calls ----------------------------------------------------------------------------------------

# The programs of bench/ are built by the make check of that directory.
build_workloads()
{
    make -s -C "$BUILD/bench" random_mixed frag grow handover larson empty.so 2>&1
}

# Lines "NAME COUNT" of what a traced program called between the first and the last getrusage (the programs
# ask at the beginning and at the end of what they measure), or all of it. KIND start: all.
calls_of() # calls_of KIND TRACE
{
    awk -v all="$([ "$1" = start ] && echo 1)" -v conf="openat(AT_FDCWD, \"$(make_variable HAK_CONF_PATH)\"" '
        { sub(/^[0-9]+ +/, "") }
        !/^[a-z_0-9]+\(/ { next }
        /^getrusage\(/ {
            marks++
            for (name in later) count[name] += later[name]
            delete later
            next
        }
        { name = $0; sub(/\(.*/, "", name) }
        index($0, conf) == 1 { name = "conf" }
        all { count[name]++ }
        !all && marks { later[name]++ }
        # Without a vDSO the clock is a system call.
        /^clock_gettime\(CLOCK_MONOTONIC/ { print "slow_clock 1" }
        END {
            print "marks", marks + 0
            for (name in count) print name, count[name]
        }' "$2"
}

# Run COMMAND of a row under LIBRARY and strace; the trace goes to TRACE. 1 and a message if it fails. Without the
# helper: whether it comes, the clock decides.
trace() # trace LIBRARY TRACE PROGRAM ARGUMENT...
{
    library=$1 trace=$2 program=$3 helper='-E HAKMEM_ACE_THREAD=0'
    shift 3
    case $program in
        true) helper= program=$(command -v true) || program=/bin/true ;;
        paths) program=$work/paths ;;
        *) program=$BUILD/bench/$program ;;
    esac
    "$strace" -f -qq -o "$trace" -E LD_PRELOAD="$library" $helper "$program" "$@" >"$work/log" 2>&1 && return 0
    echo "$program failed: $(tail -n 1 "$work/log")"
    return 1
}

# What the workload of a row calls: one line "NAME COUNT" for each of call_names and total, and for every
# other name "other NAME COUNT CONTROL", where the same program calls it less under the C library alone;
# or "failed WHY". KIND start: what is called more than with a library that does nothing.
count_calls() # count_calls KIND COMMAND...
{
    kind=$1
    shift
    if ! words=$(trace "$preload" "$work/ours" "$@" &&
        trace "$BUILD/bench/empty.so" "$work/control" "$@"); then
        echo "failed $words"
        return
    fi
    if ! grep -q 'libhakmem\.so.* = [0-9]' "$work/ours"; then
        echo "failed libhakmem was not loaded"
        return
    fi
    calls_of "$kind" "$work/control" >"$work/control.counts"
    calls_of "$kind" "$work/ours" >"$work/ours.counts"
    awk -v kind="$kind" -v names="$call_names" '
        NR == FNR { control[$1] += $2; next }
        { ours[$1] += $2 }
        END {
            if (kind != "start" && ours["marks"] < 2) {
                print "failed no two calls of getrusage were seen"
                exit
            }
            count = split(names, name, " ")
            for (i = 1; i <= count; i++) {
                n = ours[name[i]]
                if (kind == "start") n = n > control[name[i]] ? n - control[name[i]] : 0
                print name[i], n + 0
                total += n
                delete ours[name[i]]
            }
            # The one file that the library looks for.
            if (kind == "start") total += ours["conf"]
            if (kind == "start") delete ours["conf"]
            print "total", total + 0
            delete ours["marks"]
            delete ours["slow_clock"]
            if (control["slow_clock"]) delete ours["clock_gettime"]
            # Those of threads that wait for each other depend on the scheduler.
            if (kind == "threads") delete ours["sched_yield"]
            for (other in ours)
                if (ours[other] > control[other] + (kind == "threads" ? 12 : kind == "start" && other == "prlimit64" ? 2 : 0))
                    print "other", other, ours[other], control[other] + 0
        }' "$work/control.counts" "$work/ours.counts"
}
