#!/bin/sh
# SPDX-License-Identifier: MIT
# core.sh - guarded blocks are found in a core dump by the name hak_guards, as hakmem(7) describes it.
set -u
cd "$SCRATCH" || exit 1

. "$TOP/tests/lib/judge.sh"

if ! command -v gdb >/dev/null; then
    echo "UNSUPPORTED: gdb is missing"
    exit 0
fi

cat >guards.c <<'END'
#include <stdlib.h>
char *volatile victim;
__attribute__((noinline)) void *allocate(void) { void *p = malloc(100); __asm__ volatile("" : "+r"(p)); return p; }
__attribute__((noinline)) void release(void *p) { free(p); __asm__ volatile(""); }
int main(void)
{
    victim = allocate();
    release(victim);
    return victim[4];
}
END
$CC -O1 -fno-builtin -o guards guards.c || echo "FAIL: compiling guards.c"
gdb -nx -batch -ex "set environment LD_PRELOAD $SO" -ex 'set environment HAKMEM_GUARD_BYTES 1' \
    -ex 'set startup-with-shell off' -ex run -ex 'generate-core-file guards.core' ./guards >gdb.txt 2>&1 </dev/null
if [ ! -s guards.core ]; then
    echo "UNSUPPORTED: gdb may not run a program or write a core"
    rm -f guards guards.c gdb.txt
    exit 0
fi

look() # look COMMAND...: what gdb prints of the core dump
{
    gdb -nx -batch "$@" ./guards guards.core 2>/dev/null </dev/null | tee -a gdb.txt
}
numbers() { sed -n 's/^0x[^:]*:\t//p' | tr '\t\n' '  '; }

judge "the fault ended it" "$(grep -q SIGSEGV gdb.txt || tail -n 5 gdb.txt)"
judge "x shows the header" "$(look -ex 'x/s &hak_guards' | grep -q '"hakmem guards"' || tail -n 5 gdb.txt)"
header=$(look -ex 'x/5gu (char *)&hak_guards + 16' | numbers)
set -- $header
judge "five numbers follow" "$([ $# -eq 5 ] && [ "$3" -le 128 ] && [ "$5" -ge 4096 ] || echo "$header")"
[ $# -eq 5 ] || set -- 0 0 0 0 4096
first=$1 size=$2 area=$4 page=$5
victim=$(look -ex 'x/gu &victim' | numbers)
victim=${victim%% *}
slot=$(((victim - area) / page / 2))
record=$(look -ex "x/7gu $first + $slot * $size" | numbers)
set -- $record
judge "the record of the block" "$([ $# -eq 7 ] && [ "$1" = 1 ] && [ "$2" = "$victim" ] && [ "$3" = 100 ] && [ "$4" -gt 0 ] &&
    [ "$5" = 0 ] && [ "$6" -ge 2 ] || echo "$record")"
judge "its first frame allocated" "$(look -ex "info symbol *(long *)($first + $slot * $size + 48)" | grep -q '^allocate + ' || tail -n 5 gdb.txt)"
judge "and of the free" "$(look -ex "info symbol *(long *)($first + $slot * $size + 24 + 280 + 24)" | grep -q '^release + ' || tail -n 5 gdb.txt)"
rm -f guards guards.c guards.core gdb.txt
exit 0
