#!/bin/sh
# SPDX-License-Identifier: MIT
# guard.sh - the guard itself: what must fail does fail, and what cannot be counted says why.
#
# The two scripts run with tables, libraries and tools made for the purpose, a row each.
# shellcheck disable=SC1091,SC2034,SC2154
set -u
. "$TOP/tests/hakmem.cost/common.sh"
work=$SCRATCH/guard.d
rm -rf "$work"
mkdir -p "$work" || exit 1
instructions=$here/instructions.budget calls=$here/calls.budget

# expect WHAT RESULT PATTERN [NAME=VALUE...] COMMAND...
# Each line the COMMAND writes must be a RESULT, one must match PATTERN, and no file may be left but by FAIL.
expect()
{
    what=$1 result=$2 pattern=$3
    shift 3
    mkdir -p "$work/scratch"
    said=$(env SCRATCH="$work/scratch" "$@" 2>&1)
    left=$(ls "$work/scratch")
    rm -rf "$work/scratch"
    if [ -z "$said" ] || echo "$said" | grep -qv "^$result: " ||
        ! echo "$said" | grep -q "^$result: $pattern"; then
        echo "FAIL: $what: expected $result: $pattern, and it said: $(echo "$said" | tr '\n' ' ')"
    elif [ "$result" != FAIL ] && [ -n "$left" ]; then
        echo "FAIL: $what: left behind: $(echo "$left" | tr '\n' ' ')"
    else
        echo "PASS: $what"
    fi
}

# changed TABLE NAME COLUMN PART: the same table with that number multiplied.
changed()
{
    awk -v name="$2" -v column="$3" -v part="$4" '$1 == name { $column = int($column * part) } { print }' "$1"
}

# fake_build NAME CFLAGS HAK_CFLAGS: a build directory of which only the makefile is there.
fake_build()
{
    mkdir -p "$work/$1/lib"
    printf 'CFLAGS = %s\nCPPFLAGS =\nHAK_CFLAGS = %s\n' "$2" "$3" >"$work/$1/lib/Makefile"
}

if ! words=$(compile standin standin.so -shared -fPIC); then
    echo "FAIL: compiling standin.c: $words"
    exit 0
fi
standin="PRELOAD=$work/standin.so $SO"

# --- builds and machines that cannot be counted ----------------------------------------------------------

fake_build debug '-g -O2' '-std=gnu11 -DHAK_DEBUG=1'
fake_build plain '-g -O0' '-std=gnu11'
fake_build tuned '-O2 -march=native' '-std=gnu11'
printf '#!/bin/sh\necho "strace: Operation not permitted" >&2\nexit 1\n' >"$work/refused"
chmod +x "$work/refused"
why='counting instructions: '
expect "a sanitizer build" UNSUPPORTED "${why}there is no libhakmem.so" \
    SO="$work/none" sh "$here/instructions.sh"
expect "its system calls" UNSUPPORTED 'counting system calls: there is no libhakmem.so' \
    SO="$work/none" sh "$here/calls.sh"
if [ -f "$SO" ]; then
    expect "a debug build" UNSUPPORTED "$why.*enable-debug" BUILD="$work/debug" sh "$here/instructions.sh"
    expect "-O0" UNSUPPORTED "$why.*-O0" BUILD="$work/plain" sh "$here/instructions.sh"
    expect "-march=native" UNSUPPORTED "$why.*-march=native" BUILD="$work/tuned" sh "$here/instructions.sh"
    sed 's/^setting machine .*/setting machine gcc 1 vax/' "$instructions" >"$work/vax"
    expect "another compiler" UNSUPPORTED "$why" sh "$here/instructions.sh" "$work/vax"
    expect "no strace" UNSUPPORTED 'counting system calls: none is missing' STRACE=none sh "$here/calls.sh"
    expect "ptrace refused" UNSUPPORTED 'counting system calls: .*: strace: Operation not permitted' \
        STRACE="$work/refused" sh "$here/calls.sh"
fi

# --- instructions ----------------------------------------------------------------------------------------

reason=$(other_build "$instructions")
if [ -z "$reason" ]; then
    expect "no valgrind" UNSUPPORTED "${why}none is missing" VALGRIND=none sh "$here/instructions.sh"
    expect "valgrind fails" UNSUPPORTED "${why}false does not work" VALGRIND=false sh "$here/instructions.sh"
    reason=$(no_valgrind)
fi
if [ -n "$reason" ]; then
    echo "UNSUPPORTED: the guard of instructions: $reason"
else
    changed "$instructions" pair_64 2 0.8 >"$work/lower"
    expect "a budget 20 % lower" FAIL \
        'pair_64: [0-9.]* instructions in the library, budget [0-9]* .*callgrind_annotate /' \
        sh "$here/instructions.sh" "$work/lower" pair_64
    changed "$instructions" calloc_1000 3 0.8 >"$work/lower"
    expect "the same of memset" FAIL 'calloc_1000: [0-9.]* instructions in the C library' \
        sh "$here/instructions.sh" "$work/lower" calloc_1000
    expect "a malloc that works more" FAIL 'pair_64: [0-9.]* instructions' \
        "$standin" COST_STANDIN=work sh "$here/instructions.sh" "$instructions" pair_64
    expect "a malloc with one call more" FAIL 'pair_64: [0-9.]* instructions' \
        "$standin" sh "$here/instructions.sh" "$instructions" pair_64
    expect "another library, instructions" FAIL 'pair_64: no instruction of the library' \
        PRELOAD="$work/standin.so" sh "$here/instructions.sh" "$instructions" pair_64
    echo "no_such_path 1 1 no such path" >"$work/unknown"
    sed -n '/^setting/p' "$instructions" >>"$work/unknown"
    expect "a path that does not exist" FAIL 'no_such_path: .*no path has this name' \
        sh "$here/instructions.sh" "$work/unknown" no_such_path
    grep -v '^free_null ' "$instructions" | grep -e '^setting' -e '^pair_64 ' >"$work/short"
    said=$(sh "$here/instructions.sh" "$work/short")
    if echo "$said" | grep -q '^FAIL: path free_null has no budget'; then
        echo "PASS: a path without a budget"
    else
        echo "FAIL: a path without a budget is not noticed"
    fi
fi

# --- system calls ----------------------------------------------------------------------------------------

reason=$(no_strace)
if [ -n "$reason" ]; then
    echo "UNSUPPORTED: the guard of system calls: $reason"
else
    changed "$calls" random_8k 3 0.3 >"$work/lower"
    expect "a budget of calls that is too low" FAIL 'random_8k: mmap: [0-9]* calls, budget [0-9]* ' \
        sh "$here/calls.sh" "$work/lower" random_8k
    expect "a malloc that maps" FAIL 'random_8k: mmap: [0-9]* calls, budget' \
        "$standin" COST_STANDIN=map sh "$here/calls.sh" "$calls" random_8k
    expect "a malloc that asks" FAIL 'random_8k: [0-9]* calls of getppid' \
        "$standin" COST_STANDIN=ask sh "$here/calls.sh" "$calls" random_8k
    expect "the same malloc at rest" PASS 'random_8k: ' \
        "$standin" sh "$here/calls.sh" "$calls" random_8k
    expect "another library, system calls" FAIL 'random_8k: libhakmem was not loaded' \
        PRELOAD="$work/standin.so" sh "$here/calls.sh" "$calls" random_8k
    echo "crash once 9 9 9 9 9 9 9 9 random_mixed --slots 0" >"$work/unknown"
    expect "a workload that fails" FAIL 'crash: .*random_mixed failed: ' sh "$here/calls.sh" "$work/unknown"
fi
rm -rf "$work"
exit 0
