#!/bin/sh
# SPDX-License-Identifier: MIT
# format.sh - the sources are what clang-format makes of them.
set -u
cd "$TOP" || exit 1

if ! command -v clang-format >/dev/null; then
    echo "UNSUPPORTED: clang-format is missing"
    exit 0
fi
for file in lib/*/*.[ch] tools/*.[ch] tools/*/*.[ch] preload/*.[ch] include/*.h tests/lib/*.h tests/hakmem.*/*.[ch]; do
    if clang-format --dry-run -Werror "$file" 2>"$SCRATCH/format.log"; then
        echo "PASS: $file"
    else
        cat "$SCRATCH/format.log"
        echo "FAIL: $file"
    fi
done
rm -f "$SCRATCH/format.log"
exit 0
