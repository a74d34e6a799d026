#!/bin/sh
# SPDX-License-Identifier: MIT
# rescue.sh - hakmem-preload as the first process, in a namespace of processes: drops the line, goes on to init.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

mkdir -p "$root/usr/sbin" && cp "$TOOL" "$root/usr/sbin/hakmem-preload"
small_library "$root/opt/a.so" 'int a;' || exit 1
cat >"$root/usr/sbin/init" <<'END2'
#!/bin/sh
echo "init is process $$ as $0 with $*"
END2
sed 's/init is/other is/' "$root/usr/sbin/init" >"$root/usr/sbin/other"
chmod 755 "$root/usr/sbin/init" "$root/usr/sbin/other"
[ -e "$root/sbin/init" ] || { mkdir -p "$root/sbin" && cp "$root/usr/sbin/init" "$root/sbin/"; }
small_library crash.so "$FORWARD
__attribute__((constructor)) static void f(void) { *(volatile int *)8 = 1; }" -Wl,-soname,libhakmem.so.1 || exit 1

environment=
: >"$FILE"
unshare --mount --pid --fork true 2>/dev/null || unsupported "no namespaces of processes here"

crashing() # crashing TEXT: the file, and a library that crashes
{
    install_library crash.so
    # shellcheck disable=SC2059
    printf "$1" >"$FILE"
}
starts() # starts RE: words if init did not start so
{
    grep -qE -e "$1" out || cat out
}
holds()
{
    # shellcheck disable=SC2059
    printf "$1" >expected
    differ "$FILE" expected
}

# first_in WORD...: start the tree as a machine starts, with these words on the kernel command line. Nothing dynamic of
# the tree runs before.
first_in()
{
    timeout 60 unshare --mount --pid --fork "$python" -c '
import os, sys
os.chroot(sys.argv[1]); os.chdir("/")
os.execve("/usr/sbin/hakmem-preload", ["/usr/sbin/hakmem-preload"] + sys.argv[3:], dict(w.split("=", 1) for w in sys.argv[2].split()))
' "$root" "$environment" "$@" >out 2>&1
}
python=$(command -v python3) || unsupported "python3 is missing"

crashing "/opt/a.so\n$LINE\n/opt/a.so\n"
judge "programs crash" "$([ -n "$(programs_ail)" ] || echo "they do not")"
first_in quiet single
judge "init starts as process 1" "$(starts '^init is process 1 as /sbin/init with quiet single$')"
judge "our line is gone, the others are there" "$(holds '/opt/a.so\n/opt/a.so\n'; programs_ail; strays '')"
judge "it says so" "$(starts 'rescue: .*free of libhakmem')"
crashing "/opt/a.so\n$LINE\n/opt/a.so\n"
first_in -b single
judge "init's own options are left to it" "$(starts '^init is process 1 as /sbin/init with -b single$'; programs_ail)"
first_in
judge "nothing to do: init starts" "$(starts '^init is process 1 as /sbin/init with $'; holds '/opt/a.so\n/opt/a.so\n')"
rm "$FILE"
first_in
judge "no file: init starts" "$(starts '^init is process 1'; strays '')"
for spelling in "$libdir/libhakmem.so.1" /opt/libhakmem.so.1 libhakmem.so.1 "$LINE:/opt/a.so" "# one\n# $LINE\n$LINE"; do
    crashing "$spelling\n"
    cp crash.so "$root/opt/libhakmem.so.1"
    first_in
    judge "spelt $spelling: init starts" "$(starts '^init is process 1'; programs_ail)"
done
mkdir "$root/tmp/d" && rm "$FILE" && mv "$root/tmp/d" "$FILE"
first_in
judge "a directory: init starts" "$(starts '^init is process 1')"
rmdir "$FILE"
crashing "$LINE\n"
mv "$FILE" "$root/etc/real" && ln -s real "$FILE"
first_in
judge "a symbolic link: init starts" "$(starts '^init is process 1')"
rm -f "$FILE" "$root/etc/real"
crashing "$LINE\n"
environment=REAL_INIT=/usr/sbin/other
first_in
judge "REAL_INIT=PATH" "$(starts '^other is process 1')"
crashing "$LINE\n"
environment=REAL_INIT=/usr/sbin/nowhere
first_in
judge "REAL_INIT that is not there" "$(starts '^init is process 1')"
environment=
first_in status
judge "a command is no rescue, even for process 1" "$(starts '^disabled$')"
first_in --version
judge "nor are this tool's options" "$(starts '^hakmem-preload [0-9]')"

# A root that is mounted read-only, as the kernel does it. On a tmpfs: the switch holds for a whole file system.
crashing "/opt/a.so\n$LINE\n"
mkdir "$work/mount"
cat >boot.sh <<'END2'
mount -t tmpfs tmpfs "$1/mount" && cp -a "$1/root/." "$1/mount/" || exit 77
cat >"$1/mount/usr/sbin/init" <<'END3'
#!/bin/sh
echo "init is process $$"
cat /etc/ld.so.preload
: >/etc/new
END3
cp "$1/mount/usr/sbin/init" "$1/mount/sbin/init" 2>/dev/null
mount -o remount,ro "$1/mount" || exit 77
exec "$2" -c 'import os, sys
os.chroot(sys.argv[1]); os.chdir("/")
os.execv("/usr/sbin/hakmem-preload", ["/usr/sbin/hakmem-preload"])' "$1/mount"
END2
timeout 60 unshare --mount --pid --fork sh boot.sh "$work" "$python" >out 2>&1
if [ $? -eq 77 ]; then
    echo "UNSUPPORTED: rescue: a read-only root (no tmpfs here)"
else
    judge "a read-only root: init starts" "$(starts '^init is process 1$')"
    judge "a read-only root: the line is gone" "$(starts '^/opt/a.so$'; grep -xF "$LINE" out)"
    judge "a read-only root is read-only again" "$(starts 'new: Read-only file system')"
fi
exit 0
