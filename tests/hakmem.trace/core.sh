#!/bin/sh
# SPDX-License-Identifier: MIT
# core.sh - failures are found in a core dump by the name hak_failures, with debug information and without.
set -u
cd "$SCRATCH" || exit 1

. "$TOP/tests/lib/judge.sh"

nm -D "$SO" >names
judge "hak_failures is exported, as data" "$(grep -q ' D hak_failures@@HAKMEM_1.0$' names || echo missing)"
rm -f names
if ! command -v gdb >/dev/null; then
    echo "UNSUPPORTED: gdb is missing"
    exit 0
fi

cat >fails.c <<'END'
#include <stdlib.h>
int main(void)
{
    volatile size_t size = (size_t)-7;
    for (int i = 0; i < 3; i++)
        if (malloc(size - (size_t)i))
            return 1;
    abort();
}
END
$CC -O0 -fno-builtin -o fails fails.c || echo "FAIL: compiling fails.c"
gdb -nx -batch -ex "set environment LD_PRELOAD $SO" -ex 'set startup-with-shell off' -ex run \
    -ex 'generate-core-file fails.core' ./fails >gdb.txt 2>&1 </dev/null
if [ ! -s fails.core ]; then
    echo "UNSUPPORTED: gdb may not run a program or write a core"
    rm -f fails fails.c gdb.txt
    exit 0
fi

look() # look LIBRARY COMMAND...: what gdb prints of the core dump
{
    library=$1
    shift
    gdb -nx -batch "$@" ./fails fails.core 2>/dev/null </dev/null | tee -a gdb.txt
}

judge "x shows the header" "$(look "$SO" -ex 'x/s &hak_failures' | grep -q '"hakmem failures"' || tail -n 5 gdb.txt)"
# 16 bytes of text, then offset of the first slot, size of a slab, their number, begun, lost.
header=$(look "$SO" -ex 'x/5gd (char *)&hak_failures + 16' | sed -n 's/^0x.*<hak_failures[^:]*>://p' | tr '\n' ' ')
set -- $header
judge "five numbers follow" "$([ $# -eq 5 ] && [ "$3" -eq 64 ] && [ "$4" -eq 3 ] && [ "$5" -eq 0 ] || echo "$header")"
[ $# -eq 5 ] || set -- 56 0 64 3 0
# Slot 2: its turn, then number, time, thread, tid, size, alignment, reason, class.
record=$(look "$SO" -ex "x/9gu (char *)&hak_failures + $1 + 2 * $2" | sed -n 's/^0x.*<hak_failures[^:]*>://p' | tr '\n' ' ')
set -- $record
judge "and the last record" "$([ $# -eq 9 ] && [ "$1" = 6 ] && [ "$2" = 2 ] && [ "$6" = 18446744073709551607 ] && [ "$7" = 16 ] && [ "$8" = 1 ] || echo "$record")"
if look "$SO" -ex 'ptype struct failure' | grep -q alignment; then
    judge "p prints records by name where there is debug information" \
        "$(look "$SO" -ex 'p hak_failures.slot[2].record' | tr '\n' ' ' | grep -q 'size = 18446744073709551607, alignment = 16, .*call = 0x[0-9a-f]* "none"' || tail -n 8 gdb.txt)"
else
    echo "UNSUPPORTED: the library has no debug information"
fi
rm -f fails fails.c fails.core gdb.txt
exit 0
