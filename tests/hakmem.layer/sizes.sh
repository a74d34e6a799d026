#!/bin/sh
# SPDX-License-Identifier: MIT
# sizes.sh - files of at most 600 lines, functions of 60, ten #if in a thousand lines, lines of 110.
set -u
cd "$TOP/lib" || exit 1

. "$TOP/tests/lib/judge.sh"

files=$(ls */*.c */*.h)
judge "files" "$(for file in $files; do
    lines=$(wc -l <$file)
    [ $lines -le 600 ] || echo "$file: $lines lines"
done)"

# A function begins at the line whose first column is a letter, of the last such line before "{", and ends at "}".
functions=$(awk '
    FNR == 1 { start = 0; inside = 0 }
    inside && /^}/ { print FILENAME, name, FNR - start + 1; inside = 0; next }
    !inside && /^[A-Za-z].*\(/ { start = FNR; name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
    /^{/ && start { inside = 1 }
    /;$/ && !inside { start = 0 }' $files)
judge "functions are found" "$([ "$(echo "$functions" | wc -l)" -gt 150 ] || echo "$functions")"
judge "functions" "$(echo "$functions" | awk '$3 > 60 { print $1 ": " $2 ", " $3 " lines" }')"
guards=$(ls */*.h | wc -l)
judge "conditionals" "$(cat $files | awk -v guards="$guards" '
    /^ *# *if/ { n++ }
    END { if (n - guards > NR / 100) print n - guards " #if in " NR " lines, without guards" }')"
judge "hot files have no conditionals but their guard" "$(for file in heap/heap.h cache/tcache.h memory/slab.h memory/classmap.h heap/heap.c surface/malloc.c; do
    n=$(grep -c '^ *# *if' $file)
    case $file in *.h) n=$((n - 1)) ;; esac
    [ $n -eq 0 ] || echo "$file: $n"
done)"
judge "lines" "$(awk 'length > 110 { print FILENAME ":" FNR ": " length " columns" }' $files)"
judge "no tabs, no blanks at the end" "$(grep -nE '	| $' $files)"
exit 0
