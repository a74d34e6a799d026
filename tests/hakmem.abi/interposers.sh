#!/bin/sh
# SPDX-License-Identifier: MIT
# interposers.sh - a library that defines clock_gettime, syscall, mmap and others, and allocates in each with a
# lock held, in front of ours and behind it: nobody is entered twice, and every program ends with 0.
set -u
. "$TOP/tests/lib/judge.sh"

work=$SCRATCH/interposers.d
rm -rf "$work"
mkdir -p "$work" && cd "$work" || exit 1
trap 'cd /; rm -rf "$work"' EXIT

here=$TOP/tests/hakmem.abi/interposers
said=$($CC -O1 -fno-builtin -w -I"$TOP/lib" -shared -fPIC -o interposer.so "$here/interposer.c" -ldl -pthread 2>&1 &&
    $CC -O1 -fno-builtin -Wall -Wextra -o work "$here/work.c" -ldl -pthread 2>&1) || {
    judge "the interposer and its program are compiled" "${said:-no}"
    exit 0
}
judge "the interposer and its program are compiled" "$said"

try() # try WHAT WANTED PRELOAD [NAME=VALUE...] THREADS: the words that the program must end with
{
    what=$1 wanted=$2 preload=$3
    shift 3
    eval "threads=\${$#}"
    variables=
    while [ $# -gt 1 ]; do
        variables="$variables $1"
        shift
    done
    timeout -k 1 60 env HAKMEM_STATS_FILE=stats $variables LD_PRELOAD="$preload" ./work "$threads" >out 2>err
    status=$?
    judge "$what, threads: $threads$variables" "$([ $status -eq 0 ] && grep -q "$wanted" out ||
        echo "status $status (124: hung)"; grep -vE '^hakmem: (map|slab|failed allocation|memory|size|lock|stage|pool)' err | head -n 5)"
}

for order in "$work/interposer.so $SO" "$SO $work/interposer.so"; do
    case $order in "$SO "*) place=behind ;; *) place="in front" ;; esac
    for threads in 1 4; do
        try "$place" '^done, interposed: yes$' "$order" $threads
        try "$place" '^done, interposed: yes$' "$order" HAKMEM_TINY_SLL_VALIDATE_HDR=1 $threads
        try "$place" '^done, interposed: yes$' "$order" HAKMEM_TINY_SS_SHARED=1 HAKMEM_RETAIN_BYTES=0 $threads
        try "$place" '^done, interposed: yes$' "$order" HAKMEM_SS_MAP_TRACE=1 HAKMEM_ACE_TRACE=1 \
            HAKMEM_MEM_TRACE=1 HAKMEM_SIZE_HIST=1 HAKMEM_TRACE_FILE="$work/trace-%p" $threads
    done
done
try "without it" '^done, interposed: no$' "$SO" 2

# The judge must be able to say no: an allocator that asks for the time.
cat >careless.c <<'END'
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>
extern void *__libc_malloc(size_t);
void *malloc(size_t n)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return __libc_malloc(n);
}
END
if $CC -w -O1 -shared -fPIC -o careless.so careless.c; then
    LD_PRELOAD="$work/interposer.so $work/careless.so" timeout -k 1 20 ./work 1 >out 2>err
    judge "an allocator that asks for the time is found" "$([ $? -ne 0 ] && grep -q '^malloc, called by .* called clock_gettime' err ||
        cat out err)"
else
    judge "the careless allocator is compiled" no
fi
exit 0
