#!/bin/sh
# SPDX-License-Identifier: MIT
# damage.sh - libraries damaged in thousands of ways are read within their bounds, in bounded time.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

strip -o whole.so "$SO" || exit 1
flags='-fsanitize=address,undefined -fno-sanitize-recover=all'
echo 'int main(void) { return 0; }' >empty.c
# shellcheck disable=SC2086 # words
$CC $flags empty.c -o empty 2>/dev/null && ./empty || unsupported "the compiler has no sanitizers here"
# shellcheck disable=SC2086
$CC -std=gnu11 -D_GNU_SOURCE -O1 -g $flags -I"$TOP/preload" "$TOP/tests/hakmem.systemwide/damage.c" "$TOP/preload/image.c" \
    "$TOP/preload/parse.c" -o damage 2>damage.out && ASAN_OPTIONS=detect_leaks=0 ./damage whole.so "$libc" >damage.out 2>&1
status=$?
judge "damaged libraries are read within their bounds" "$([ "$status" -eq 0 ] || { echo "status $status" && head -n 20 damage.out; })"
exit 0
