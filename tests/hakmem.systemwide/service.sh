#!/bin/sh
# SPDX-License-Identifier: MIT
# service.sh - the library for one service of systemd: what cannot work is refused before anything is written.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

units=$root/etc/systemd/system
vendor=$root/usr/lib/systemd/system
mkdir -p "$units" "$vendor"
# unit NAME LINE...: a unit of a package.
unit()
{
    file=$vendor/$1
    shift
    printf '[Unit]\nDescription=x\n[Service]\nExecStart=/bin/sleep 60\n' >"$file"
    for line; do echo "$line" >>"$file"; done
    printf '[Install]\nEnvironment=LD_PRELOAD=of-no-service\n' >>"$file"
}
for name in nginx a b c redis@; do unit "$name.service"; done

tells 0 'nginx.service: uses libhakmem' "service NAME" service nginx
judge "and nothing else is said" "$([ "$(wc -l <tool.out)" = 1 ] || cat tool.out)"
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

# What cannot work. refused WHAT RE LINE...: nothing is written, and --force writes it.
untouched() { find "$units" -name 't.service.d'; }
refused()
{
    what=$1 re=$2
    shift 2
    unit t.service "$@"
    tells 1 "^hakmem-preload: t.service: .*$re" "$what" service t
    judge "$what: nothing is written" "$(untouched)"
    tells 0 '^t.service: uses' "$what: --force" service t --force
    preload service t --remove
}
# accepted WHAT LINE...: without a word.
accepted()
{
    what=$1
    shift
    unit t.service "$@"
    preload service t
    judge "$what" "$([ "$status" -eq 0 ] && [ "$(cat tool.out)" = "t.service: uses libhakmem; it counts from 'systemctl restart t.service' on" ] ||
        cat tool.out)"
    preload service t --remove
}
# warned WHAT RE LINE...: done, with a warning.
warned()
{
    what=$1 re=$2
    shift 2
    unit t.service "$@"
    tells 0 "warning: t.service: .*$re" "$what" service t
    preload service t --remove
}
tells 1 'absent.service: there is no such unit' "a unit that does not exist" service absent
judge "nothing is written for it" "$(find "$units" -name 'absent*')"
tells 1 'there is no such unit' "an instance of no template" service absent@x
tells 0 'absent.service: uses' "--force" service absent --force
preload service absent --remove
ln -s /dev/null "$units/t.service"
refused "a masked unit" 'masked'
rm "$units/t.service"
echo 'int main(void) { return 0; }' | $CC -static -o "$root/opt/static" -x c - 2>/dev/null &&
    refused "a static program" 'ExecStart=/opt/static: it is statically linked' 'ExecStart=' 'ExecStart=-!!/opt/static -x' ||
    echo "UNSUPPORTED: service: a static program"
if [ -x "$root/opt/static" ]; then
    printf '#! /opt/static -x\n' >"$root/opt/script" && chmod 755 "$root/opt/script"
    refused "a script for it" 'ExecStart=/opt/script: its interpreter /opt/static is statically' ExecStart= 'ExecStart="/opt/script"'
    accepted "a static one beside another" 'ExecStart=/opt/static'
    accepted "one that is never started" 'ExecStart=/opt/static' 'ExecStart=' '# \' 'ExecStart= \' '; a comment' '  /bin/sleep 5'
fi
if echo 'void _start(void) { for (;;) ; }' | $CC -m32 -nostdlib -static -o "$root/opt/narrow" -x c - 2>/dev/null; then
    refused "a 32-bit program" '/opt/narrow: it is a 32-bit' ExecStart= 'ExecStart=/opt/narrow'
fi
if echo 'int main(void) { return 0; }' | $CC -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 -o "$root/opt/musl" -x c - 2>/dev/null; then
    refused "a program of musl" '/opt/musl: it is linked with musl' ExecStart= 'ExecStart=/opt/musl'
fi
cp "$root$(find_program sleep)" "$root/opt/secure" && chmod 4755 "$root/opt/secure"
refused "a set-user-ID program" '/opt/secure: it changes its user' ExecStart= ExecStart=/opt/secure User=nobody
accepted "run by its user" ExecStart= ExecStart=/opt/secure
accepted "or where it may not change" ExecStart= ExecStart=/opt/secure User=nobody NoNewPrivileges=yes
warned "a program that is not there" 'ExecStart=/opt/gone: No such file' ExecStart= ExecStart=/opt/gone
mkdir -p "$root/srv/tree/bin" && cp "$root/opt/secure" "$root/srv/tree/bin/sleep"
refused "a RootDirectory= without the library" "RootDirectory=/srv/tree: there is no $libdir/libhakmem.so.1 in it" RootDirectory=/srv/tree/
accepted "which is bound there" RootDirectory=/srv/tree "BindReadOnlyPaths=-/opt /usr:/usr:rbind"
accepted "with the program" RootDirectory=/srv/tree BindReadOnlyPaths=/usr ExecStart= ExecStart=/usr/bin/sleep-there
refused "bound elsewhere" 'there is no' RootDirectory=/srv/tree "BindReadOnlyPaths=/usr:/opt /usr/li"
mkdir -p "$root/srv/tree$libdir" && cp "$SO" "$root/srv/tree$libdir/libhakmem.so.1"
accepted "a RootDirectory= with the library" RootDirectory=/srv/tree
warned "a RootImage=" 'RootImage=: whether .* cannot be seen' RootImage=/srv/image
accepted "where it is bound" RootImage=/srv/image BindReadOnlyPaths=/usr
refused "hidden by InaccessiblePaths=" 'InaccessiblePaths= hides' 'InaccessiblePaths=-/usr/'
refused "hidden by TemporaryFileSystem=" 'TemporaryFileSystem= hides' 'TemporaryFileSystem=/usr:ro'
accepted "and bound over that" 'TemporaryFileSystem=/usr:ro' "BindReadOnlyPaths=$libdir"
refused "not to be executed" 'NoExecPaths= keeps' 'NoExecPaths=/' 'ExecPaths=/bin/sleep'
accepted "but for the libraries" 'NoExecPaths=/' 'ExecPaths=/bin/sleep /usr/lib /lib /usr/lib64'
refused "calls that are not allowed" 'SystemCallFilter= does not allow mremap' 'SystemCallFilter=@basic-io @file-system madvise'
preload service t
judge "and no others" "$([ "$(grep -c SystemCallFilter tool.out)" = 1 ] || cat tool.out)"
refused "calls that are refused" 'SystemCallFilter= does not allow mremap' 'SystemCallFilter=~@mount mremap'
refused "taken away later" 'does not allow mremap' 'SystemCallFilter=@system-service' 'SystemCallFilter=~mremap'
warned "a call that a program with threads makes" 'SystemCallFilter= does not allow madvise, .* several threads' 'SystemCallFilter=~madvise'
warned "refused with an error" 'SystemCallFilter= refuses madvise' 'SystemCallFilter=~madvise' SystemCallErrorNumber=EPERM
accepted "calls of services" 'SystemCallFilter=@system-service' 'SystemCallFilter=~@privileged @resources'
accepted "calls that have nothing to do with it" 'SystemCallFilter=~@mount @swap:EPERM'
accepted "what needs no look" DynamicUser=yes MemoryDenyWriteExecute=yes NoNewPrivileges=yes ProtectSystem=strict AmbientCapabilities=CAP_CHOWN
warned "files with DynamicUser=" 'with DynamicUser=' DynamicUser=yes 'Environment=A=b "HAKMEM_STATS_FILE=/var/log/a b"'
warned "an SELinux context" 'SELinuxContext=' SELinuxContext=system_u:system_r:x_t
refused "LD_PRELOAD of the unit" 't.service:5: LD_PRELOAD is set already' 'Environment=A=b "LD_PRELOAD=/opt/x.so y"'
accepted "taken back" 'Environment=LD_PRELOAD=/opt/x.so' 'Environment='
refused "UnsetEnvironment=" 'takes LD_PRELOAD away' 'UnsetEnvironment=X LD_PRELOAD'
echo 'LD_PRELOAD=/opt/y.so' >"$root/opt/environment"
refused "LD_PRELOAD of a file" '/opt/environment sets LD_PRELOAD' 'EnvironmentFile=-/opt/environment'

# Drop-ins: of each directory, of the template, of prefixes, of the type; one name hides another.
mkdir -p "$vendor/t.service.d" "$root/run/systemd/system/t.service.d" "$vendor/service.d" "$vendor/one-.service.d" "$vendor/redis@.service.d"
drop() { printf '[Service]\n%s\n' "$2" >"$1"; }
drop "$vendor/t.service.d/90-late.conf" 'Environment=LD_PRELOAD=/opt/late.so'
refused "LD_PRELOAD of a later drop-in" '90-late.conf:2: LD_PRELOAD is set already'
: >"$root/run/systemd/system/t.service.d/90-late.conf"
accepted "which another directory hides"
rm "$vendor/t.service.d/90-late.conf"
drop "$vendor/service.d/x.conf" 'Environment=LD_PRELOAD=/opt/all.so'
refused "a drop-in for all services" 'service.d/x.conf:2'
rm "$vendor/service.d/x.conf"
drop "$vendor/one-.service.d/x.conf" 'Environment=LD_PRELOAD=/opt/one.so'
unit one-two.service
tells 1 'one-.service.d/x.conf:2' "a drop-in of a prefix" service one-two
drop "$vendor/redis@.service.d/x.conf" 'Environment=LD_PRELOAD=/opt/one.so'
tells 1 'redis@.service.d/x.conf:2' "a drop-in of a template" service redis@1
ln -s t.service "$vendor/alias.service"
mkdir "$vendor/alias.service.d"
drop "$vendor/t.service.d/x.conf" 'RootDirectory=/nowhere'
unit t.service
tells 1 'alias.service: RootDirectory=/nowhere' "an alias" service alias
rm "$vendor/t.service.d/x.conf"
mkdir -p "$root/etc/init.d" && printf '#!/bin/sh\n' >"$root/etc/init.d/old" && chmod 755 "$root/etc/init.d/old"
tells 0 'warning: old.service: .*script in /etc/init.d' "a script of /etc/init.d" service old

rm "$LIBRARY"
tells 1 'No such file' "no library" service nginx
judge "no drop-in without it" "$(find "$units" -name 'nginx*')"
judge "the file for all was never touched" "$(ls "$FILE" 2>/dev/null)"
exit 0
