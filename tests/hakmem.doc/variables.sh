#!/bin/sh
# SPDX-License-Identifier: MIT
# variables.sh - every HAKMEM_ name anywhere is a row of options.def, and every row has its page.
set -u
cd "$TOP" || exit 1
. "$TOP/tests/hakmem.doc/common.sh"

# Tests that set a variable for what it does: a directive, a script's command, setenv, a string. options.exp tries
# the values of every row, which shows nothing.
shown() # shown NAME: their files
{
    grep -lE --include='*.c' --include='*.cc' "\{ dg-(env|variant) .*\b$1=|setenv\(\"$1\"|^ .*\"$1=" -r tests
    grep -lE --include='*.sh' --include='*.exp' "^[^#]*\b$1=" -r tests
}

lower() { echo "$1" | tr 'A-Z' 'a-z'; }
group_of() { sed -n "s/^HAK_OPTION($1, [A-Z]*, [0-9]*, [0-9]*, [0-9]*, \([A-Z]*\),.*/\1/p" lib/settings/options.def; }

rows=$(sed -n 's/^HAK_OPTION(\([A-Z0-9_]*\),.*/HAKMEM_\1/p' lib/settings/options.def)
judge "options.def has rows" "$([ "$(echo "$rows" | wc -l)" -ge 10 ] || echo "$rows")"
judge "no row twice" "$(echo "$rows" | sort | uniq -d)"

# HAKMEM_H is a guard, HAKMEM_1 a symbol version, X and NAME stand for any.
known=$(printf '%s\n' $rows HAKMEM_H HAKMEM_1 HAKMEM_X HAKMEM_NAME)
for place in lib include tools README.md HACKING.md NEWS man bench quickstart .ci; do
    [ -e "$place" ] || continue
    names=$(grep -rhoE --include='*' '\bHAKMEM_[A-Z0-9][A-Z0-9_]*\b' "$place" | sort -u)
    judge "names in $place are rows" "$(echo "$names" | grep -vxF -e "$known" | grep -v '^$')"
done

for row in $rows; do
    id=${row#HAKMEM_} file=$dir/$row.7
    judge "$row has a test of its effect" "$(shown "$row" | grep -q . || echo "no test in tests/ sets it")"
    judge "$row is used in lib/" "$(grep -qE "OPT_$id\b" lib/*/*.c lib/*/*.h lib/*/*.def || echo "no OPT_$id")"
    if grep -qE "^HAK_OPTION\($id,.* RUNNING," lib/settings/options.def; then
        judge "$row is read where changes arrive" "$(grep -nE "option\(OPT_$id\)" lib/*/*.[ch]
            grep -qE "number\[OPT_$id\]" lib/adapt/*.c || echo "no number[OPT_$id]")"
    fi
    if [ ! -f "$file" ]; then
        echo "FAIL: $row has a page"
        continue
    fi
    judge "$row has a page" "$(grep -q "^\.TH $row 7 " "$file" || echo "$file: no .TH")"
    line=$(awk -v id="$id" 'index($0, "HAK_OPTION(" id ",") { getline; gsub(/^ *"|",$/, ""); print; exit }' lib/settings/options.def)
    judge "$row has its line in the page" "$(grep -qF "$line" "$file" || echo "not found: $line")"
    judge "its description opens with it" "$(sed -n '/^\.SH DESCRIPTION/{n;p;}' "$file" | as_typed |
        grep -qixF "$line." || echo "not: $line.")"
    judge "$row is below its group in hakmem-env(7)" "$(awk -v row="$row=" -v group="$(group_of "$id")" '
        /^\.SH / { at = $2 } $1 == ".BI" && $2 == row { n++; if (at != group) print "below " at }
        END { if (n != 1) print n + 0 " times" }' "$dir/hakmem-env.7")"
    judge "$row is in hakmem.conf(5)" "$(grep -qF "$(lower "$id") = " "$dir/hakmem.conf.5" || echo missing)"
done
judge "hakmem-env(7) has the groups as headings" "$(sed -n 's/^HAK_GROUP(\([A-Z]*\),.*/\1/p' lib/settings/options.def >"$SCRATCH/groups.txt"
    sed -n 's/^\.SH \([A-Z]*\)$/\1/p' "$dir/hakmem-env.7" | grep -vxE 'NAME|DESCRIPTION|NOTES' |
    diff "$SCRATCH/groups.txt" - && grep -qx TRACES "$SCRATCH/groups.txt" || echo "no groups")"
rm -f "$SCRATCH/groups.txt"
judge "no number is said twice" "$(grep -nE '\b([0-9]+) \(\1\)' "$dir"/*.[1357])"
judge "hak_ctl(3) lists what may be set" "$(running=$(sed -n 's/^HAK_OPTION(\([A-Z0-9_]*\),.* RUNNING,.*/\1/p' lib/settings/options.def)
    [ "$(echo "$running" | wc -l)" -ge 5 ] || echo "few rows: $running"
    for id in $rows; do
        id=${id#HAKMEM_}
        listed=$(grep -cxE "(and )?$(lower "$id")[,.]?" "$dir/hak_ctl.3")
        [ "$listed" -eq "$(echo "$running" | grep -cx "$id")" ] || echo "$id: $listed"
    done)"
judge "no page without a row" "$(for file in "$BUILD"/man/HAKMEM_*.7 man/HAKMEM_*.7; do
    name=$(basename "$file" .7)
    case $name in '*' | 'HAKMEM_*') continue ;; esac
    echo "$rows" | grep -qx "$name" || echo "$file"
done)"

# Numbers of the pages are those of the table, as the compiler reads it.
cat >"$SCRATCH/rows.c" <<'END'
#include <stdio.h>
int main(void)
{
#define HAK_OPTION(id, type, def, min, max, group, when, since, ...) \
    printf(#id " " #type " %llu %llu %llu " since "\n", 0ull + def, 0ull + min, 0ull + max);
#include "options.def"
    return 0;
}
END
$CC -Ilib -o "$SCRATCH/rows" "$SCRATCH/rows.c"
"$SCRATCH/rows" >"$SCRATCH/rows.txt"
while read -r id type default min max since; do
    file=$dir/HAKMEM_$id.7
    text=$(tr '\n' ' ' <"$file")
    wrong=
    [ "$type" = PATH ] || printf '%s\n' "$text" | grep -qE "\b$default\b" || wrong="default $default"
    [ "$type" = PATH ] || [ "$type" = BOOL ] || printf '%s\n' "$text" | grep -qE "\b$min to $max\b" || wrong="$wrong range $min to $max"
    printf '%s\n' "$text" | grep -qF "$since" || wrong="$wrong since $since"
    judge "HAKMEM_$id.7 says what the table says" "$wrong"
done <"$SCRATCH/rows.txt"
rm -f "$SCRATCH/rows" "$SCRATCH/rows.c" "$SCRATCH/rows.txt"
exit 0
