#!/bin/sh
# SPDX-License-Identifier: MIT
# together.sh - libraries that are preloaded beside ours: the one that fails is named, and only where it is both.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

# Libraries that fail where the library is too, in front of them, behind them, anyhow; and one that always fails.
BESIDE='#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int own_place, its_place, place;
static int look(struct dl_phdr_info *info, size_t size, void *data)
{
    place++;
    if (strstr(info->dlpi_name, "/libhakmem.so.1")) its_place = place;
    if (strstr(info->dlpi_name, NAME)) own_place = place;
    return 0;
}
__attribute__((constructor)) static void start(void)
{
    dl_iterate_phdr(look, 0);
    if (WHEN) FAULT;
}'
# beside FILE WHEN FAULT: such a library in the tree.
beside()
{
    mkdir -p "$(dirname "$root$1")"
    printf '#define _GNU_SOURCE\n#define NAME "%s"\n#define WHEN %s\n#define FAULT %s\n%s\n' "$1" "$2" "$3" "$BESIDE" |
        $CC -O1 -shared -fPIC -o "$root$1" -x c - -ldl || exit 1
}
always=1
front='its_place && own_place < its_place' behind='its_place && own_place > its_place'

unchanged() { [ ! -e "$FILE" ] || { echo "there is a file:" && cat "$FILE"; }; strays ''; }
# names WHAT STATUS RE: what check says of the tools that are there now.
names()
{
    tells "$2" "$3" "$1: check" check
    preload enable
    judge "$1: enable" "$([ "$status" -eq "$2" ] && grep -qE -e "${4-$3}" tool.out || { echo "status $status" && cat tool.out; }
        [ "$2" -eq 0 ] || unchanged)"
    preload disable
}

# Tools that work by LD_PRELOAD.
time=$libdir/faketime/libfaketime.so.1
beside "$time" "$always" '_exit(9)'
names "a tool that always fails is no fault of the library" 0 '^sound|^enabled:'
beside "$time" "$front" '_exit(9)'
names "a tool that fails in front" 1 'trial run with libfaketime.so.1 in front of the library: true ended with status 9'
beside "$time" "$behind" 'abort()'
names "a tool that fails behind" 1 'trial run with libfaketime.so.1 behind the library: true was killed by signal 6'
beside "$time" "its_place && getenv(\"FAKETIME\")" 'for (;;) pause()'
names "a tool that hangs when it is awake" 1 'libfaketime.so.1 in front .* did not end within 10 seconds'
sox=$libdir/torsocks/libtorsocks.so
beside "$sox" "its_place" '(void)!write(2, "[notice]\n", 9)'
tells 1 'with libtorsocks.so in front of the library: true wrote: .notice' "two that fail: both are named" check
judge "the other one" "$(grep -q 'with libfaketime.so.1 in front' tool.out || cat tool.out)"
rm "$root$time" "$root$sox"

# Entries of the file.
beside /opt/entry.so "$front" '_exit(9)'
beside /opt/good.so "0" ';'
entries() { printf "$1" >"$FILE" && cp "$FILE" before; }
entries '/opt/good.so\n/opt/entry.so\n'
preload enable
judge "an entry that fails in front" "$([ "$status" -eq 1 ] && grep -q 'trial run: true ended with status 9' tool.out &&
    grep -q 'entry /opt/entry.so that fails together with the library; behind it, it works' tool.out || cat tool.out
    ! grep -q good.so tool.out || cat tool.out
    differ "$FILE" before; strays '')"
entries "$LINE\n/opt/entry.so\n/opt/good.so\n"
tells 0 '^sound' "and behind, where it works" check
beside /opt/entry.so "its_place" '_exit(9)'
entries '/opt/entry.so\n'
preload enable
judge "an entry that fails either way" "$(grep -q 'entry /opt/entry.so that fails together with the library$' tool.out || cat tool.out; differ "$FILE" before)"
beside /opt/entry.so "$always" '_exit(9)'
entries '/opt/entry.so\n'
preload enable
judge "an entry that fails alone is not blamed on both" "$([ "$status" -eq 1 ] && ! grep -q together tool.out || cat tool.out)"
rm "$FILE"

# Those that this machine has, in earnest.
found=
for tool in faketime/libfaketime.so.1 torsocks/libtorsocks.so libuid_wrapper.so libfakeroot/libfakeroot-sysv.so \
    fakechroot/libfakechroot.so libeatmydata.so libc_malloc_debug.so.0; do
    for dir in "$libdir" "${libdir#/usr}"; do
        [ -e "$dir/$tool" ] || continue
        mkdir -p "$root$libdir/$(dirname "$tool")" && cp -L "$dir/$tool" "$root$libdir/$tool"
        for needed in $(needed_by "$dir/$tool"); do
            [ -e "$root$needed" ] || adopt "$needed"
        done
        found="$found $(basename "$tool")"
        break
    done
done
if [ -n "$found" ]; then
    tells 0 '^sound' "the tools of this machine:$found" check
else
    echo "UNSUPPORTED: together: no tool of LD_PRELOAD here"
fi

# The same where no mount namespace is to be had.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    timeout 120 strace -f -o /dev/null -e trace=unshare -e inject=unshare:error=EPERM "$TOOL" --root="$root" check >tool.out 2>&1
    judge "without a mount namespace" "$(grep -q 'no mount namespace (Operation not permitted: a container or sandbox forbids it): trying LD_PRELOAD' tool.out &&
        grep -q '^sound' tool.out || cat tool.out)"
    beside "$time" "$front" '_exit(9)'
    timeout 120 strace -f -o /dev/null -e trace=unshare -e inject=unshare:error=EPERM "$TOOL" --root="$root" check >tool.out 2>&1
    judge "and a tool that fails" "$(grep -q 'trial run with libfaketime.so.1 in front' tool.out || cat tool.out)"
else
    echo "UNSUPPORTED: together: strace"
fi
exit 0
