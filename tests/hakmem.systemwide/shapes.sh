#!/bin/sh
# SPDX-License-Identifier: MIT
# shapes.sh - contents of /etc/ld.so.preload: what enable makes of each, and what disable leaves.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

small_library "$root/opt/a.so" 'int a;' && small_library "$root/opt/b.so" 'int b;' &&
    small_library "$root$libdir/c.so" 'int c;' && small_library "$root/opt/own.so" "$FORWARD" || exit 1
: >"$root/opt/libjemalloc.so.2"
cp "$SO" "$root/opt/libhakmem.so.1"
A=/opt/a.so B=/opt/b.so L='/usr/$LIB/libhakmem.so.1'

# put TEXT: the file holds that, \n and the like expanded; - : there is none.
put()
{
    rm -f "$FILE" "$root"/var/lib/hakmem/*
    # shellcheck disable=SC2059 # texts of this script
    [ "$1" = - ] || printf "$1" >"$FILE"
}

holds() # holds TEXT: words if the file holds something else
{
    if [ "$1" = - ]; then
        [ ! -e "$FILE" ] || { echo "there is a file:" && od -c "$FILE"; }
        return
    fi
    # shellcheck disable=SC2059
    printf "$1" >expected
    differ "$FILE" expected
}

# shape NAME BEFORE ENABLED [DISABLED]: disable leads back to BEFORE unless said otherwise.
shape()
{
    put "$2"
    preload enable
    judge "$1: enable" "$([ "$status" -eq 0 ] || { echo "status $status" && cat tool.out; }
        holds "$3"; programs_ail; strays '')"
    judge "$1: enabled" "$(is_loaded || echo "not loaded"
        preload status || { echo "status $status" && cat tool.out; })"
    preload disable
    judge "$1: disable" "$([ "$status" -eq 0 ] || { echo "status $status" && cat tool.out; }
        holds "${4-$2}"; strays ''; ! is_loaded || echo "still loaded")"
}

# refused NAME BEFORE RE: enable changes nothing and says why; there is nothing of us to disable.
refused()
{
    put "$2"
    preload enable
    judge "$1: refused" "$([ "$status" -eq 1 ] && grep -qE -e "$3" tool.out || { echo "status $status" && cat tool.out; }
        holds "$2"; strays '')"
    preload disable
    judge "$1: disable" "$([ "$status" -eq 0 ] || { echo "status $status" && cat tool.out; }
        holds "${4-$2}"; strays '')"
}

shape "no file" - "$L\n"
shape "empty" '' "$L\n"
shape "a newline" '\n' "\n$L\n"
shape "newlines" '\n\n\n' "\n\n\n$L\n"
shape "blanks" '  \t ' "  \t \n$L\n"
shape "one entry" "$A\n" "$A\n$L\n"
shape "no final newline" "$A" "$A\n$L\n"
shape "blanks in front" "   $A\n" "   $A\n$L\n"
shape "blanks behind" "$A   \n" "$A   \n$L\n"
shape "blanks behind, no newline" "$A  " "$A  \n$L\n"
shape "tabs" "\t$A\t\n" "\t$A\t\n$L\n"
shape "two by a space" "$A $B\n" "$A $B\n$L\n"
shape "two by a colon" "$A:$B\n" "$A:$B\n$L\n"
shape "two by a tab" "$A\t$B" "$A\t$B\n$L\n"
shape "colons around" ":$A::\n" ":$A::\n$L\n"
shape "two lines" "$A\n$B\n" "$A\n$B\n$L\n"
shape "empty lines between" "$A\n\n\n$B\n" "$A\n\n\n$B\n$L\n"
shape "the same twice" "$A\n$A\n" "$A\n$A\n$L\n"
shape "an entry with \$LIB" '/usr/$LIB/c.so\n' "/usr/\$LIB/c.so\n$L\n"
shape "many entries" "$(for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do printf '%s' "$A\n$B\n"; done)" \
    "$(for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do printf '%s' "$A\n$B\n"; done)$L\n"

# Comments.
shape "a comment" "# words\n$A\n" "# words\n$A\n$L\n"
shape "a comment behind an entry" "$A # words\n" "$A # words\n$L\n"
shape "a comment at the end" "$A\n# words\n" "$A\n# words\n$L\n"
shape "a comment at the end, no newline" "$A\n# words" "$A\n# words\n$L\n"
shape "a comment alone" '# words\n' "# words\n$L\n"
shape "two comments that ld.so sees" "#a\n#b\n$A\n" "#a\n#b\n$A\n$L\n"
shape "our line in a comment" "# $L\n" "# $L\n$L\n"
refused "two comments, one misread" "# a comment that is as long as the second\n$A\n# another of these that takes some room\n" \
    'misread line 3'
# With our line the second comment is seen; to cut that line out again would have it read as names.
shape "two comments that our line saves" "#1234567890\n#123\n" "#1234567890\n#123\n$L\n" \
    "#1234567890\n#123\n                        \n"

# Ours is there already.
shape "ours alone" "$L\n" "$L\n" ''
shape "ours without newline" "$L" "$L" ''
shape "ours first" "$L\n$A\n" "$L\n$A\n" "$A\n"
shape "ours in the middle" "$A\n$L\n$B\n" "$A\n$L\n$B\n" "$A\n$B\n"
shape "ours last" "$A\n$L\n" "$A\n$L\n" "$A\n"
shape "ours last, no newline" "$A\n$L" "$A\n$L" "$A\n"
shape "ours with blanks" "$A\n \t$L  \n$B\n" "$A\n \t$L  \n$B\n" "$A\n$B\n"
shape "ours before one in a line" "$L $A\n" "$L $A\n" "$A\n"
shape "ours behind one in a line" "$A  $L\n" "$A  $L\n" "$A\n"
shape "ours between by colons" "$A:$L:$B\n" "$A:$L:$B\n" "$A:$B\n"
shape "ours with a comment" "$L # here\n$A\n" "$L # here\n$A\n" "# here\n$A\n"
shape "ours twice" "$L\n$A\n$L\n" "$A\n$L\n" "$A\n"
shape "ours twice in a line" "$L $L\n" "$L\n" ''
shape "ours by its path" "$libdir/libhakmem.so.1\n$A\n" "$A\n$L\n" "$A\n"
shape "ours by its name" "libhakmem.so.1\n" "$L\n" ''
shape "ours with braces" "/usr/\${LIB}/libhakmem.so.1\n" "$L\n" ''
shape "ours in a DOS line" "$L\r\n" "$L\n" ''

# Not beside us.
refused "DOS lines" "$A\r\n" 'carriage return'
refused "an empty DOS line" "\r\n$A\n" 'carriage return'
refused "an allocator by its name" '/opt/libjemalloc.so.2\n' 'another allocator'
refused "an allocator by what it defines" "$A\n/opt/own.so\n" 'own.so defines malloc'
refused "another libhakmem" '/opt/libhakmem.so.1\n' 'another allocator'
refused "an entry that names nothing" "$A\n/opt/gone.so\n" '/opt/gone.so'
refused "a bare name of nothing" 'gone.so\n' "trial run: true .*gone.so"
refused "a NUL" "$A\n\000$B\n" 'NUL'
exit 0
