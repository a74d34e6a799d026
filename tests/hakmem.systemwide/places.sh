#!/bin/sh
# SPDX-License-Identifier: MIT
# places.sh - what stands in the place of /etc/ld.so.preload: links, directories, mounts, modes, owners, a full disk.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

# refuses WHAT RE [STRAYS]: enable ends with 1, says why, and leaves what "look" shows as it was.
refuses()
{
    look >before
    preload enable
    look >after
    judge "$1: refused" "$([ "$status" -eq 1 ] && grep -qE -e "$2" tool.out || { echo "status $status" && cat tool.out; }
        diff before after; strays "${3-}")"
}

# Whatever there is, with its kind, mode, owner, size, contents.
look()
{
    # shellcheck disable=SC2012 # one name that is known
    ls -ldn --time-style=full-iso "$FILE" "$root/etc/real" 2>&1
    [ ! -f "$FILE" ] || cat "$FILE"
}

echo '# words' >"$root/etc/real"
ln -s real "$FILE"
refuses "symbolic link" 'symbolic link' real
tells 5 'not disabled' "symbolic link: verify does not say it was disabled" verify
rm "$FILE" && ln -s nowhere "$FILE"
refuses "symbolic link to nothing" 'symbolic link' real
tells 1 'symbolic link' "symbolic link: disable says so" disable
rm "$FILE" && ln "$root/etc/real" "$FILE"
refuses "hard link" 'other names' real
rm -f "$FILE" "$root/etc/real" && mkdir "$FILE"
refuses "directory" 'is a directory'
rmdir "$FILE" && mkfifo "$FILE"
refuses "named pipe" 'not a regular file'
rm "$FILE" && head -c 1100000 /dev/zero | tr '\0' '\n' >"$FILE"
refuses "more than 1 MiB" 'larger than'
rm "$FILE"

# Modes and owners.
: >"$FILE" && chmod 666 "$FILE"
refuses "mode 0666" 'writable by others'
chmod 644 "$FILE" && chown 65534 "$FILE"
refuses "somebody else's" 'not owned by root'
chown 0:65534 "$FILE"
preload enable
judge "its group stays" "$([ "$(stat -c '%u:%g %a' "$FILE")" = '0:65534 644' ] || stat "$FILE"; cat tool.out | grep -v enabled)"
preload disable
judge "and stays" "$([ "$(stat -c '%u:%g %a' "$FILE")" = '0:65534 644' ] || stat "$FILE")"
rm "$FILE" && : >"$FILE" && chmod 600 "$FILE"
tells 0 'not readable by everybody' "mode 0600: enabled for all, and said" enable
judge "mode 0600: now 0644" "$([ "$(stat -c %a "$FILE")" = 644 ] || stat "$FILE")"
chmod 600 "$FILE"
tells 4 'not readable by everybody' "mode 0600 later: status" status
tells 0 '' "mode 0600 later: enable mends it" enable
tells 0 '^enabled$' "and status" status
preload disable
rm -f "$FILE"
chmod 777 "$root/etc"
refuses "a directory that all may write" '/etc is writable by others'
chmod 755 "$root/etc"

if python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.word", b"kept")' "$root/etc/passwd" 2>/dev/null; then
    attributes() { python3 -c 'import os, sys
for n in sorted(os.listxattr(sys.argv[1])): print(n, os.getxattr(sys.argv[1], n))' "$FILE"; }
    echo '#' >"$FILE"
    python3 -c 'import os, sys; [os.setxattr(sys.argv[1], n, v) for n, v in (("trusted.word", b"kept"), ("user.a", b"b"))]' "$FILE"
    attributes >before
    preload enable
    attributes >after
    judge "extended attributes are kept" "$([ -s before ] || echo none; diff before after)"
    preload disable
    attributes >after
    judge "and by disable" "$(diff before after)"
    rm -f "$FILE"
else
    echo "UNSUPPORTED: places: extended attributes (python3, or the file system)"
fi
# A list that lets another user write, in the name of no group: on /etc, and on the file.
listed() # listed PATH: words if it cannot be done
{
    python3 -c 'import os, struct, sys
rows = ((1, 7, -1), (2, 7, 65534), (4, 5, -1), (16, 7, -1), (32, 5, -1))
os.setxattr(sys.argv[1], "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *r) for r in rows))' "$1" 2>&1
}
if : >"$FILE" && [ -z "$(listed "$root/etc")" ]; then
    refuses "an access list on the directory" '/etc is writable by others'
    python3 -c 'import os, sys; os.removexattr(sys.argv[1], "system.posix_acl_access")' "$root/etc" && chmod 755 "$root/etc"
    listed "$FILE"
    refuses "an access list on the file" 'preload is writable by others'
    rm "$FILE"
else
    echo "UNSUPPORTED: places: access lists (python3, or the file system)"
fi
if : >"$FILE" && chattr +i "$FILE" 2>/dev/null; then
    refuses "an immutable file" 'not permitted'
    chattr -i "$FILE"
else
    echo "UNSUPPORTED: places: an immutable file"
fi
rm -f "$FILE"

# Mounts. Each ends with the script.
try_mount()
{
    mount "$@" 2>mount.out || { echo "UNSUPPORTED: places: $(head -n 1 mount.out)" && return 1; }
}
: >"$FILE" && echo '#' >"$root/tmp/other"
if try_mount --bind "$root/tmp/other" "$FILE"; then
    refuses "a mount point" 'mount point'
    tells 1 'mount point' "a mount point: disable says so" disable
    umount "$FILE"
fi
rm -f "$FILE"
if try_mount -t tmpfs -o size=64k,mode=755 tmpfs "$root/etc"; then
    echo '/opt/x.so # no such' >"$FILE"
    rm "$FILE" && echo '# words' >"$FILE"
    mount -o remount,ro "$root/etc"
    refuses "read-only file system" 'Read-only'
    mount -o remount,rw "$root/etc"
    cat /dev/zero >"$root/etc/filler" 2>/dev/null
    refuses "full disk" 'No space left' filler
    rm "$root/etc/filler"
    tells 0 '^enabled:' "room again" enable
    cat /dev/zero >"$root/etc/filler" 2>/dev/null
    cp "$FILE" before
    tells 1 'No space left' "full disk: disable says so" disable
    judge "and changes nothing" "$(differ "$FILE" before)"
    rm "$root/etc/filler"
    mount -o remount,ro "$root/etc"
    tells 1 'Read-only' "read-only: disable says so" disable
    judge "and changes nothing there" "$(differ "$FILE" before)"
    mount -o remount,rw "$root/etc"
    tells 0 '^disabled' "then it can" disable
    umount "$root/etc"
fi

# What others left: a predecessor that was killed.
: >"$root/etc/.ld.so.preload.abc123"
tells 0 '^enabled:' "leftovers do not hinder" enable
judge "and go" "$(strays '')"
preload disable
judge "no file is left where there was none" "$(look | grep -v 'cannot access')"
judge "nothing of the machine's own was touched" "$([ ! -e /etc/ld.so.preload ] || grep -n hakmem /etc/ld.so.preload)"
exit 0
