#!/bin/sh
# SPDX-License-Identifier: MIT
# floors.sh - each file of lib/ stands on a floor and includes headers of its own floor or lower only.
# A new file gets its place in the table below, and says the same in its banner.
set -u
cd "$TOP/lib" || exit 1

table='
0 compiler.h bits.h atomic.h list.h layout.h
1 os syscall auxv vdso message lock clock gate object libc
2 options conf counters report trace tracelog policy level retain meta
3 sizeclass classmap ace
4 superslab arena hugepages purge granules slab pool large kept mapping moving account
5 gather transfer span young
6 tcache shelf thread
7 heap mode trim aside pulse engine helper control direct checked summary exitreport print residency walk ctl format validate layout
8 init fork deepbind
9 malloc glibc family cxx stats hak operators dlopen align surface
'

floor_of() # floor_of FILE: its number, or nothing
{
    echo "$table" | awk -v file="$1" -v stem="${1%.*}" '
        { for (i = 2; i <= NF; i++) if ($i == file || $i == stem) { print $1; exit } }'
}

. "$TOP/tests/lib/judge.sh"

files=$(ls *.c *.h | grep -v -e '^config\.h$' -e '^anchor\.c$')
judge "lib/ is where it was" "$([ "$(echo "$files" | wc -l)" -ge 40 ] || echo "few files")"
judge "every file has a floor" "$(for file in $files; do [ "$(floor_of $file)" ] || echo "$file"; done)"
judge "every banner names it" "$(for file in $files; do
    head -n 4 $file | tr '\n' ' ' | grep -q "(floor F$(floor_of $file))" || echo "$file: not F$(floor_of $file)"
done)"
judge "first line is the licence, second the name of the file" "$(for file in *.[ch] options.def counters.def; do
    sed -n 1p $file | grep -q '^/\* SPDX-License-Identifier: MIT \*/$' || echo "$file"
    sed -n 2p $file | grep -q "^/\* $file - \|^/\* anchor.c" || echo "$file"
done)"
judge "no include of a higher floor" "$(for file in $files; do
    own=$(floor_of $file)
    for name in $(sed -n 's,^ *# *include *"\([^"]*/\)*\([^"/]*\)".*,\2,p' $file); do
        case $name in
        config.h | hakmem.h | options.def | counters.def) continue ;;
        *.h) ;;
        *) echo "$file includes $name" ;;
        esac
        other=$(floor_of $name)
        [ "${other:-99}" -le "${own:-0}" ] || echo "$file (F$own) includes $name (F${other:-?})"
    done
done)"
judge "no file includes a .c" "$(grep -n '^ *# *include.*\.c[">]' *.[ch])"
judge "headers have guards" "$(for file in *.h; do
    grep -q '^#ifndef HAK_' $file || echo "$file"
done | grep -v '^config\.h$')"
exit 0
