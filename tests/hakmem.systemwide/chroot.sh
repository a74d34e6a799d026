#!/bin/sh
# SPDX-License-Identifier: MIT
# chroot.sh - the tool started within a chroot, whose root is no mount point: the file is tried in its place there,
# too, and nothing of that is seen outside.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

# The tree is a mount that its peers would see changes of, as on a machine with systemd; it ends with the process.
cat >inside.sh <<'END2'
set -u
mount --bind "$1" "$1" && mount --make-shared "$1" && mkdir "$1/peer" && mount --bind "$1" "$1/peer" || exit 77
mkdir -p "$1/tree" && cp -a "$1/root/." "$1/tree/" && cp "$2" "$1/tree/hakmem-preload" || exit 1
timeout 120 chroot "$1/tree" env -i PATH=/bin:/usr/bin /hakmem-preload "$3" >"$1/tool.out" 2>&1
echo "status $?" >>"$1/tool.out"
grep -E " $1/(peer/)?tree" /proc/self/mounts
true
END2
run() # run COMMAND: mounts that are left are printed
{
    rm -rf tree peer
    unshare --mount --propagation private sh inside.sh "$work" "$TOOL" "$1" >left 2>&1
}
if ! run check; then
    unsupported "no mounts here: $(head -n 1 left)"
fi
judge "check in a chroot" "$(grep -q '^sound' tool.out && grep -q '^status 0' tool.out || cat tool.out)"
judge "in the place of the file" "$(grep 'no mount namespace' tool.out)"
judge "no mount is left, nor at a peer" "$(cat left)"
run enable
judge "enable in a chroot" "$(grep -q '^enabled:' tool.out && grep -qxF "$LINE" tree/etc/ld.so.preload || cat tool.out)"
judge "in the place of the file, again" "$(grep 'no mount namespace' tool.out)"

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    cp "$TOOL" "$root/hakmem-preload"
    timeout 120 strace -f -o /dev/null -e trace=setns -e inject=setns:error=EPERM chroot "$root" \
        env -i PATH=/bin:/usr/bin /hakmem-preload check >tool.out 2>&1
    judge "where that is forbidden, it says what helps" "$(grep -q 'no mount namespace (Invalid argument: the root here is that of a chroot, and no mount point; .mount --bind DIR DIR. makes it one): trying LD_PRELOAD' tool.out &&
        grep -q '^sound' tool.out || cat tool.out)"
else
    echo "UNSUPPORTED: chroot: strace"
fi
exit 0
