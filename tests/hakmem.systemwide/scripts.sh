#!/bin/sh
# SPDX-License-Identifier: MIT
# scripts.sh - what the packages do about the file without hakmem-preload: libhakmem1 goes, and so do lines by hand.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

for program in grep readlink mktemp cp sync mv rm; do
    adopt_program "$program" || unsupported "$program is missing"
done
cp "$TOP/debian/libhakmem1.prerm" "$TOP/debian/hakmem-preload.postrm" "$root/tmp/"

# goes WHAT BEFORE AFTER: the library is removed; - : there is no file.
goes()
{
    # shellcheck disable=SC2059
    printf "$2" >"$FILE" && printf "$3" >expected
    inside sh /tmp/libhakmem1.prerm remove >script.out 2>&1
    status=$?
    judge "$1" "$([ "$status" -eq 0 ] || { echo "status $status" && cat script.out; }
        if [ "$3" = - ]; then ls "$FILE" 2>/dev/null; else differ "$FILE" expected; fi; strays '')"
}
A=/opt/a.so B=/opt/b.so
goes "alone" "$LINE\n" -
goes "by its name" "libhakmem.so.1\n" -
goes "first, in the middle, last" "$LINE\n$A\n$libdir/libhakmem.so.1\n$B\nlibhakmem.so.1\n" "$A\n$B\n"
goes "no final newline" "$A\n$LINE" "$A\n"
goes "by tabs alone" "$A\tlibhakmem.so.1\t$B\n" "$A\t\t$B\n"
goes "in front of a tab" "$LINE\t$A\n" "\t$A\n"
goes "by colons" "$A:$LINE:$B\n" "$A::$B\n"
goes "twice in a line" "$A $LINE $LINE\n" "$A  \n"
goes "below a directory with a t" "/opt/tt/libhakmem.so.1\n$A\n" "$A\n"
goes "names that only look alike" "$A-libhakmem.so.1 /x/tlibhakmem.so.1 libhakmem.so.10\n" \
    "$A-libhakmem.so.1 /x/tlibhakmem.so.1 libhakmem.so.10\n"
printf '%s\n' "$LINE" >"$FILE"
inside sh /tmp/libhakmem1.prerm upgrade 0.2
judge "an upgrade leaves it" "$(echo "$LINE" | diff - "$FILE")"
inside DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=2 sh /tmp/libhakmem1.prerm remove
judge "another architecture's library stays" "$(echo "$LINE" | diff - "$FILE")"
rm "$FILE"

# Purge takes what hakmem-preload made, and nothing else of the name.
adopt_program rmdir || unsupported "rmdir is missing"
mkdir -p "$root/usr/lib/systemd/system"
echo "[Service]" >"$root/usr/lib/systemd/system/nginx.service"
preload service nginx
units=$root/etc/systemd/system
mkdir -p "$units/a.service.d" && echo '[Service]' >"$units/a.service.d/50-hakmem.conf"
judge "purge" "$(inside sh /tmp/hakmem-preload.postrm purge 2>&1; find "$units" -name 'nginx*'; ls "$units/a.service.d" | grep -vx 50-hakmem.conf
    [ -e "$units/a.service.d/50-hakmem.conf" ] || echo "somebody else's file is gone")"
exit 0
