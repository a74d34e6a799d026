#!/bin/sh
# SPDX-License-Identifier: MIT
# service.sh - the library for one service of systemd.
set -u
. "$TOP/tests/hakmem.pre/common.sh"

units=$root/etc/systemd/system
tells 0 'nginx.service: uses libhakmem' "service NAME" service nginx
judge "the drop-in" "$(grep -qx 'Environment=LD_PRELOAD=/usr/\$LIB/libhakmem.so.1' "$units/nginx.service.d/50-hakmem.conf" &&
    grep -qx '\[Service\]' "$units/nginx.service.d/50-hakmem.conf" || find "$units")"
judge "readable by all" "$([ "$(stat -c %a "$units/nginx.service.d/50-hakmem.conf")" = 644 ] || ls -lR "$units")"
value=$(sed -n 's/^Environment=//p' "$units/nginx.service.d/50-hakmem.conf")
judge "ld.so takes that value" "$(inside env "$value" cat /proc/self/maps 2>/dev/null | grep -q libhakmem ||
    inside env "$value" "$HELPER" loaded || echo "not loaded")"
tells 0 'already' "service NAME.service again" service nginx.service
tells 0 'redis@6379.service: uses' "service with an instance" service redis@6379
tells 0 'uses its own' "service NAME --remove" service nginx --remove
judge "nothing is left of it" "$(find "$units" -name 'nginx*')"
tells 0 'has no' "service NAME --remove again" service --remove nginx
mkdir -p "$units/a.service.d" && echo '[Service]' >"$units/a.service.d/50-hakmem.conf"
tells 1 'another file' "somebody else's file of the name" service a
tells 1 'by hand' "--remove of somebody else's file" service a --remove
judge "is left alone" "$(echo '[Service]' | diff - "$units/a.service.d/50-hakmem.conf")"
preload service c && echo 'Environment=HAKMEM_ACE_THREAD=1' >>"$units/c.service.d/50-hakmem.conf"
tells 0 'uses its own' "--remove of ours with a line more" service c --remove
mkdir -p "$units/b.service.d" && : >"$units/b.service.d/override.conf"
preload service b
preload service b --remove
judge "other drop-ins stay" "$([ "$(ls "$units/b.service.d")" = override.conf ] || ls "$units/b.service.d")"
for name in ../x a/b '' -- '.' 'a b'; do
    tells 2 "" "no name: '$name'" service "$name"
done
rm "$LIBRARY"
tells 1 'No such file' "no library" service nginx
judge "no drop-in without it" "$(find "$units" -name 'nginx*')"
judge "the file for all was never touched" "$(ls "$FILE" 2>/dev/null)"
exit 0
