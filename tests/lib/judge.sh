# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# judge.sh - one line for each thing that a script of a family looks at. Read with "."; TOP is the source directory.

judge() # judge WHAT WORDS: passed when there are no words
{
    if [ -z "$2" ]; then echo "PASS: $1"; else printf 'FAIL: %s\n%s\n' "$1" "$2"; fi
}
