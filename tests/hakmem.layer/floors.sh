#!/bin/sh
# SPDX-License-Identifier: MIT
# floors.sh - lib/floors lists the folders of lib/ from bottom to top: nothing includes what is above it, no two
# modules of a folder include each other, and Makefile.am, HACKING.md and the banners agree.
set -u
cd "$TOP/lib" || exit 1

. "$TOP/tests/lib/judge.sh"

folders=$(sed -n 's/^\([a-z]*\)  .*/\1/p' floors)
files=$(ls */*.c */*.h */*.def)
echo "folders, from bottom to top:" $folders
judge "every folder is listed" "$(for folder in */; do
    echo "$folders" | grep -qx "${folder%/}" || echo "$folder"
done)"
judge "every listed folder is there, with files" "$(for folder in $folders; do
    ls "$folder"/*.[ch] >/dev/null 2>&1 || echo "$folder"
done)"
judge "no file lies outside of them" "$(ls ./*.c ./*.h ./*.def 2>/dev/null | grep -v '^\./config\.h$')"

# Lines "FILE INCLUDED", of our own files only.
includes=$(grep -H '^ *# *include *"' $files | sed 's/^\([^:]*\):.*"\([^"]*\)".*/\1 \2/' | grep -v ' \(config\|hakmem\)\.h$')
judge "includes are found" "$([ "$(echo "$includes" | wc -l)" -gt 300 ] || echo "$includes" | wc -l)"
judge "each names folder and file" "$(echo "$includes" | while read -r file name; do
    [ -f "$name" ] || echo "$file: $name"
done)"
judge "no include of a folder above" "$(echo "$includes" | awk -v folders="$folders" '
    BEGIN { n = split(folders, list, "\n"); for (i = 1; i <= n; i++) rank[list[i]] = i }
    { split($1, own, "/"); split($2, other, "/"); if (rank[other[1]] > rank[own[1]]) print $1 " includes " $2 }')"
judge "no file includes a .c" "$(echo "$includes" | grep '\.c$')"

# A module is the files of one name. Modules that nothing left depends on go, until none is left or all are in knots.
judge "no cycle between modules" "$(echo "$includes" | awk '
    function stem(name) { sub(/\.[a-z]*$/, "", name); return name }
    { a = stem($1); b = stem($2); if (a != b) { needs[a, b]; module[a]; module[b] } }
    END {
        do {
            went = 0
            for (m in module) {
                free = 1
                for (pair in needs) { split(pair, p, SUBSEP); if (p[1] == m && p[2] in module) free = 0 }
                if (free) { delete module[m]; went = 1 }
            }
        } while (went)
        for (pair in needs) {
            split(pair, p, SUBSEP)
            if (p[1] in module && p[2] in module) print p[1] " needs " p[2]
        }
    }')"
judge "no two modules have the same name" "$(ls */*.[ch] | sed 's,\.[a-z]*$,,' | sort -u | sed 's,.*/,,' | sort | uniq -d)"

sources=$(tr ' \t' '\n\n' <Makefile.am | grep -E '^[a-z]+/[a-z_]+\.(c|h|def)$' | sort -u)
judge "Makefile.am lists every file" "$(for file in $files; do
    echo "$sources" | grep -qxF "$file" || echo "$file"
done)"
order=$(sed -n '/^core_sources/,/[^\\]$/p' Makefile.am | tr ' \t' '\n\n' | sed -n 's,^\([a-z]*\)/.*,\1,p' | uniq)
judge "and in the order of the folders" "$([ "$order" = "$folders" ] || echo "$order")"
judge "HACKING.md has the table" "$(sed -n 's/^\([a-z]*\)  *\(.*\)/| `\1\/` | \2 |/p' floors | while read -r row; do
    grep -qxF "$row" "$TOP/HACKING.md" || echo "$row"
done)"
judge "first line is the licence, second the name of the file" "$(for file in $files; do
    sed -n 1p $file | grep -q '^/\* SPDX-License-Identifier: MIT \*/$' || echo "$file"
    sed -n 2p $file | grep -q "^/\* $file - " || echo "$file"
done)"
judge "headers have guards" "$(for file in */*.h; do
    grep -q '^#ifndef HAK_' $file || echo "$file"
done)"
exit 0
