#!/bin/sh
# SPDX-License-Identifier: MIT
# programs.sh - the programs in the pages of section 3 compile without a warning and do what they are shown for;
# each function has a page, by its own name once it is installed.
set -u
. "$TOP/tests/hakmem.doc/common.sh"
begin_work programs

# Each .EX to .EE of the section EXAMPLES goes to a file of its own: PAGE.1.c, PAGE.2.c, ...
for page in "$dir"/*.3; do
    awk -v stem="$(basename "$page" .3)" '
        /^\.SH / { inside = substr($0, 5) == "EXAMPLES" }
        inside && /^\.EE/ { print_it = 0 }
        print_it { print > file }
        inside && /^\.EX/ { print_it = 1; file = stem "." ++n ".c" }' "$page"
    judge "$(basename "$page") has an example" "$(ls "$(basename "$page" .3)".1.c 2>&1 >/dev/null)"
done
as_typed -i ./*.c
for program in *.c; do
    if ! $CC -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$TOP/include" "$program" "$SO" \
        -Wl,-rpath,"$LIBS" -o program >log 2>&1; then
        echo "FAIL: $program compiles: $(cat log)"
    elif ! timeout 60 ./program >output 2>log; then
        echo "FAIL: $program ends with 0: $(cat log)"
    else
        judge "$program" "$(cat log)"
    fi
    rm -f program
done

names() { sed -n '/^\.SH NAME/{n;s/ .-.*//;s/,//g;p;}' "$1"; }
declared=$(sed -n 's/^HAK_EXPORT .*[ *]\(hak_[a-z_]*\)(.*/\1/p' "$TOP/include/hakmem.h" | sort)
described=$(for page in "$dir"/*.3; do names "$page"; done | tr ' ' '\n' | grep '^hak_' | sort)
judge "every function is in the NAME line of one page" "$([ "$declared" = "$described" ] ||
    printf 'declared: %s\nin pages: %s\n' "$declared" "$described")"
judge "the overview points to each page" "$(for page in "$dir"/hak_*.3; do
    grep -q "^\.BR $(basename "$page" .3) (3)$" "$dir/hakmem.3" || basename "$page"
done)"
judge "every field of a structure has its entry" "$(sed 's,/\*.*,,' "$TOP/include/hakmem.h" |
    sed -n '/^struct hak_/,/^};/s/^ .*[ *]\([a-z_]*\); *$/\1/p' |
    while read -r field; do grep -qx "\.I $field" "$dir"/*.3 || echo "$field"; done)"
judge "no line of a prototype leaves the screen" "$(command -v mandoc >/dev/null || exit 0
for page in "$dir"/*.3; do
    mandoc -T ascii -O width=78 "$page" | sed 's/.\x08//g' | awk -v page="$page" 'length > 80 { print page ": " $0 }'
done)"
rm -rf "$work"
exit 0
