#!/bin/sh
# SPDX-License-Identifier: MIT
# group-share.sh - limits as a share of what the control group may have, as processes find it: in a mount namespace
# with a tree of groups of its own; and in a group of its own below HAK_TEST_CGROUP, a directory of a memory
# controller, where that is set. Nobody else's group is touched.
set -u
work=$SCRATCH/group-share.d shows=$SCRATCH/group-share.d/shows

. "$TOP/tests/lib/said.sh"

share() # share LIMIT SOFT_LIMIT
{
    env HAKMEM_LIMIT_BYTES="$1" HAKMEM_SOFT_LIMIT_BYTES="$2" "$shows" limit_bytes soft_limit_bytes
}

# What the command says of a share: in its list, and of a process that has one.
hak=$BUILD/tools/hakmem
listed()
{
    HAKMEM_LIMIT_BYTES=$1 "$hak" options | awk '/^HAKMEM_/ { name = $1 }
        name == "HAKMEM_LIMIT_BYTES" && /control group/ { sub(/^ */, ""); print }'
    HAKMEM_LIMIT_BYTES=$1 "$hak" options --json | grep -o '"share": *"[^"]*"' | tr -d ' '
}
running()
{
    rm -f "$work/hold" && mkfifo "$work/hold"
    env LD_PRELOAD="$SO" HAKMEM_LIMIT_BYTES="$1" sh -c 'read -r line <"$1"' sh "$work/hold" 2>/dev/null &
    for _ in $(seq 100); do
        "$hak" stat $! >"$work/stat" 2>&1 && grep -q HAKMEM_LIMIT_BYTES "$work/stat" && break
        sleep 0.1
    done
    kill $!
    grep -o 'HAKMEM_LIMIT_BYTES=.*' "$work/stat"
}

own_group() # what the kernel says of a real one
{
    group=$HAK_TEST_CGROUP/hakmem-test-$$
    trap 'rmdir "$group" 2>/dev/null' EXIT
    mkdir "$group" || return 1
    for file in memory.max memory.limit_in_bytes; do
        [ ! -e "$group/$file" ] || echo 1000000000 >"$group/$file" || return 1
    done
    limit=$(cat "$group"/memory.max "$group"/memory.limit_in_bytes 2>/dev/null)
    said "a group of the test's own" "serving $((limit / 100 * 80 + limit % 100 * 80 / 100)) $((limit / 2))" \
        sh -c 'echo $$ >"$1/cgroup.procs" && HAKMEM_LIMIT_BYTES=80% HAKMEM_SOFT_LIMIT_BYTES=50% exec "$2" limit_bytes soft_limit_bytes' \
        sh "$group" "$shows"
}

if [ "${1-}" != inside ]; then
    rm -rf "$work"
    mkdir -p "$work"
    $CC -O1 -fno-builtin -D_GNU_SOURCE -I"$TOP/tests/lib" -I"$TOP/include" -I"$TOP/lib" -I"$BUILD/lib" \
        "$TOP/tests/hakmem.options/table/shows.c" -o "$shows" -DHAK_NAMES "$LIBS/libhakcore.a" -pthread ||
        echo "FAIL: compiling shows"
    if [ -n "${HAK_TEST_CGROUP-}" ]; then
        own_group || echo "UNSUPPORTED: a group of the test's own: refused below $HAK_TEST_CGROUP"
    else
        echo "UNSUPPORTED: a group of the test's own: HAK_TEST_CGROUP names none to have it in"
    fi
    if [ "$(id -u)" = 0 ] && unshare -m mount -t tmpfs none /sys/fs/cgroup 2>/dev/null; then
        unshare -m sh "$0" inside
    else
        echo "UNSUPPORTED: a tree of groups: no mount namespace, or no /sys/fs/cgroup"
    fi
    rm -rf "$work"
    exit 0
fi

mount -t tmpfs none /sys/fs/cgroup || exit 1
path=$(awk -F: '("," $2 ",") ~ /,memory,/ { print $3; exit }' /proc/self/cgroup)
if [ -n "$path" ]; then
    top=/sys/fs/cgroup/memory file=memory.limit_in_bytes none=9223372036854771712
else
    path=$(sed -n 's/^0:://p' /proc/self/cgroup) top=/sys/fs/cgroup file=memory.max none=max
fi
case $path in /..* | /) path= ;; esac
said "no files" "serving 0 0" share 80% 100%
mkdir -p "$top$path"
echo 500000000 >"$top$path/$file"
said "shares of it" "serving 400000000 50000000" share 80% 10%
said "numbers" "serving 500000000 1048576" share 500000000 1m
if [ -n "$path" ]; then
    echo 300000000 >"$top/$file"
    said "the group above has less" "serving 240000000 300000000" share 80% 100%
    echo $none >"$top/$file"
fi
echo $none >"$top$path/$file"
said "a group without a limit" "serving 0 0" share 80% 10%
if [ -f "$SO" ] && [ -x "$hak" ]; then
    said "a group without a limit: hakmem options" '80% of the limit of the control group, which has none: no limit
"share":"80%"' listed 80%
    said "a group without a limit: hakmem stat" "HAKMEM_LIMIT_BYTES=80%, which is no limit: the control group had none" running 80%
    echo 500000000 >"$top$path/$file"
    said "a share: hakmem options" '80% of the limit of the control group
"share":"80%"' listed 80%
    said "a share: hakmem stat" "HAKMEM_LIMIT_BYTES=80%, which is 400000000" running 80%
    said "a number: hakmem options" "or 1%..100% of the limit of the control group" listed 1g
    said "a number: hakmem stat" "HAKMEM_LIMIT_BYTES=1073741824" running 1g
else
    echo "UNSUPPORTED: what the command says of shares: it, or the library, is not built"
fi
echo 500000000 >"$top$path/$file"
for bad in 120% 0% x% "80 %"; do
    said "$bad" "hakmem: HAKMEM_LIMIT_BYTES: bad value '$bad' (0..281474976710656 or 1%..100%), using 0
serving 0 50000000" share "$bad" 10%
done

if strace -o "$work/trace" true 2>/dev/null; then
    said "without a share no file of groups is opened" 0 sh -c 'HAKMEM_LIMIT_BYTES=1g HAKMEM_SOFT_LIMIT_BYTES=1g \
        strace -o "$1/trace" "$1/shows" >/dev/null; grep -c cgroup "$1/trace"' sh "$work"
    said "with one it is looked up" yes sh -c 'HAKMEM_LIMIT_BYTES=1% \
        strace -o "$1/trace" "$1/shows" >/dev/null; grep -q "proc/self/cgroup" "$1/trace" && echo yes' sh "$work"
else
    echo "UNSUPPORTED: system calls: strace is missing, or may not trace here"
fi
exit 0
