#!/bin/sh
# SPDX-License-Identifier: MIT
# strace.sh - the traces beside what the kernel saw: every call that is traced was made, as it says; and without
# a trace no call is made for one.
set -u
cd "$SCRATCH" || exit 1

. "$TOP/tests/lib/judge.sh"

if ! command -v strace >/dev/null || ! strace -o /dev/null true 2>/dev/null; then
    echo "UNSUPPORTED: strace is missing or may not trace"
    exit 0
fi

here=$TOP/tests/hakmem.trace
$CC -O1 -fno-builtin -D_GNU_SOURCE -I"$TOP/tests/lib" -I"$TOP/include" -o map "$here/map.c" &&
    $CC -O1 -fno-builtin -D_GNU_SOURCE -I"$TOP/tests/lib" -I"$TOP/include" -o quiet "$here/quiet.c"
judge "programs are compiled" "$([ $? -eq 0 ] || echo no)"
calls=mmap,munmap,mremap,mprotect,madvise
strace -f -e trace=$calls -o kernel.txt env LD_PRELOAD="$SO" KEEP=1 HAKMEM_SS_MAP_TRACE=1 HAKMEM_TRACE_FILE=trace-%p ./map
judge "map.c runs under strace" "$([ $? -eq 0 ] || echo status)"
cat trace-* >traced.txt
judge "it traced something" "$([ "$(grep -c '^hakmem: map ' traced.txt)" -ge 8 ] || cat traced.txt)"

# "call address size ok", of both; of mmap the kernel's result is the address.
sed -n 's/^hakmem: map call=\([a-z]*\) address=\(0x[0-9a-f]*\) size=\([0-9]*\).* errno=\([0-9]*\)$/\1 \2 \3 \4/p' traced.txt |
    awk '{ print $1, $1 == "mmap" && $4 ? "-" : $2, $3, $4 == 0 }' | sort | uniq -c >ours
sed -n 's/^[0-9]* *\([a-z]*\)(\(0x[0-9a-f]*\|NULL\), \([0-9]*\),* *.*) *= \([-0-9a-fx]*\).*/\1 \2 \3 \4/p' kernel.txt |
    awk '{ print $1, $1 == "mmap" ? ($4 == "-1" ? "-" : $4) : $2, $3, $4 != "-1" }' | sort | uniq -c >theirs
judge "every traced call was made, as often" "$(awk 'NR == FNR { seen[$2, $3, $4, $5] = $1; next }
    $1 > seen[$2, $3, $4, $5] { print }' theirs ours)"

# The helper asks for numbers of threads; whether it comes, the clock decides.
strace -f -o without.txt env HAKMEM_ACE_THREAD=0 LD_PRELOAD="$SO" ./quiet
judge "quiet.c runs under strace" "$([ $? -eq 0 ] || echo status)"
judge "without the variable nothing is written" "$(grep -E '^[0-9]+ +(write|writev|pwrite64)\(' without.txt)"
judge "nor asked of the kernel for a record" \
    "$(grep -E '^[0-9]+ +(gettid|getpid|prlimit64\([^)]*RLIMIT_(AS|DATA)|statx|fcntl|dup)\(|/proc/self/(statm|maps)|/proc/sys' without.txt)"
judge "and no descriptor is left open" "$(awk '/openat\(.*= [0-9]+$/ { n++ } / close\(/ { n-- } END { if (n > 0) print n }' without.txt)"
rm -f map quiet kernel.txt traced.txt ours theirs without.txt trace-*
exit 0
