# SPDX-License-Identifier: MIT
# common.sh - what the scripts of this family share; sourced by them. Each works in a tree of its own below SCRATCH,
# with a shell, a few programs and the library in it, and never touches the machine's own files. A script also runs
# by hand: TOP=... BUILD=... SO=.../libhakmem.so.1 CC=cc SCRATCH=/tmp/x sh shapes.sh

TOOL=$BUILD/preload/hakmem-preload
unset LD_PRELOAD
ulimit -c 0
umask 022
script=$(basename "$0" .sh)
work=$SCRATCH/$script.dir
root=$work/root
FILE=$root/etc/ld.so.preload
LINE='/usr/$LIB/libhakmem.so.1'

unsupported()
{
    echo "UNSUPPORTED: $script: $*"
    exit 0
}

[ "$(id -u)" -eq 0 ] || unsupported "needs root"
[ -x "$TOOL" ] || unsupported "hakmem-preload is not built (no static C library)"
[ -f "$SO" ] || unsupported "there is no libhakmem.so.1 in this build"
chroot / true 2>/dev/null || unsupported "chroot is not allowed here"

finish()
{
    rm -f "$root/run/hakmem-preload.pending"
    sleep 0.4
    for dir in "$FILE" "$root/etc" "$root/proc"; do
        umount "$dir" 2>/dev/null
    done
    if awk -v tree="$work/" 'index($2, tree) == 1 { found = 1 } END { exit !found }' /proc/mounts; then
        echo "FAIL: $script leaves mounts"
    else
        cd / && rm -rf "$work"
    fi
}

. "$TOP/tests/lib/judge.sh"

# Files that a program needs, as ld.so names them.
needed_by()
{
    ldd "$1" 2>/dev/null | sed -n 's,^[^/]*\(/[^ ]*\).*,\1,p'
}

# Copy a file of the machine to its own place in the tree.
adopt()
{
    mkdir -p "$root$(dirname "$1")" && cp -L "$1" "$root$1"
}

# Not the shell's own.
find_program()
{
    for dir in /usr/bin /usr/sbin /bin /sbin; do
        [ ! -x "$dir/$1" ] || { echo "$dir/$1" && return 0; }
    done
    return 1
}

adopt_program()
{
    case $1 in
        /*) path=$1 ;;
        *) path=$(find_program "$1") || return 1 ;;
    esac
    adopt "$path"
    for needed in $(needed_by "$path"); do
        [ -e "$root$needed" ] || adopt "$needed"
    done
}

make_tree()
{
    rm -rf "$work"
    mkdir -p "$root/usr" && cd "$work" || exit 1
    for dir in bin sbin lib lib64; do
        if [ -L "/$dir" ]; then
            mkdir -p "$root/usr/$dir" && ln -s "usr/$dir" "$root/$dir"
        else
            mkdir -p "$root/$dir"
        fi
    done
    mkdir -p "$root/etc" "$root/dev" "$root/proc" "$root/tmp" "$root/opt" "$root/run"
    mknod -m 666 "$root/dev/null" c 1 3 2>/dev/null || : >"$root/dev/null"
    for program in /bin/sh true ls cat sed id env sleep; do
        adopt_program "$program" || exit 1
    done
    for program in bash getent; do
        adopt_program "$program"
    done
    echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
    libc=$(needed_by /bin/sh | grep '/libc\.so\.6$')
    libdir=/usr/$(echo "${libc%/libc.so.6}" | sed 's,^/usr/,,; s,^/,,')
    LIBRARY=$root$libdir/libhakmem.so.1
    mkdir -p "$root$libdir"
    install_library "$SO"
    HELPER=$(strings -a "$TOOL" 2>/dev/null | grep '/hakmem/preload-canary$')
    if [ -n "$HELPER" ]; then
        mkdir -p "$root$(dirname "$HELPER")" && cp "$BUILD/preload/preload-canary" "$root$HELPER"
        for needed in $(needed_by "$BUILD/preload/preload-canary"); do
            [ -e "$root$needed" ] || adopt "$needed"
        done
    fi
}

# install_library FILE: at one stroke, as packages do it.
install_library()
{
    cp "$1" "$LIBRARY.new" && chmod 644 "$LIBRARY.new" && mv -f "$LIBRARY.new" "$LIBRARY"
}

preload() # run the tool in the tree; its words go to tool.out, its status to $status
{
    timeout 120 "$TOOL" --root="$root" "$@" >"$work/tool.out" 2>&1
    status=$?
    return $status
}

# tells STATUS RE WHAT COMMAND...: the tool ends with STATUS and says something that matches RE.
tells()
{
    wanted=$1 re=$2 what=$3
    shift 3
    preload "$@"
    if [ "$status" -eq "$wanted" ] && grep -qE -e "$re" "$work/tool.out"; then
        echo "PASS: $what"
    else
        echo "FAIL: $what (status $status)"
        cat "$work/tool.out"
    fi
}

inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

# Words about what is wrong with programs in the tree now: none, when they start in silence.
programs_ail()
{
    for program in true ls; do
        words=$(inside "$program" 2>&1 >/dev/null) || echo "$program: status $?"
        [ -z "$words" ] || echo "$program: $words"
    done
}

# Is the library in the programs of the tree?
is_loaded() { inside cat /proc/self/maps 2>/dev/null | grep -q libhakmem || inside "$HELPER" loaded 2>/dev/null; }

enabled() { grep -qxF "$LINE" "$FILE"; }
gone() { ! enabled; }

# Processes of the tool that wait in the tree.
watchers()
{
    tool=$(readlink -f "$TOOL") tree=$(readlink -f "$root")
    for process in $(ls -l /proc/[0-9]*/exe 2>/dev/null | sed -n "s,.* /proc/\([0-9]*\)/exe -> $tool\$,\1,p"); do
        [ "$(readlink "/proc/$process/root")" != "$tree" ] || echo "$process"
    done 2>/dev/null
}
no_watcher() { [ -z "$(watchers)" ]; }
kill_watchers()
{
    for process in $(watchers); do
        kill -KILL "$process" 2>/dev/null
    done
    wait_until 20 no_watcher
}

# wait_until SECONDS COMMAND...
wait_until()
{
    left=$(($1 * 10))
    shift
    while [ "$left" -gt 0 ]; do
        ! "$@" || return 0
        sleep 0.1
        left=$((left - 1))
    done
    return 1
}

# Names in /etc that nobody put there.
strays() { ls -A "$root/etc" | grep -vxE "passwd|ld\.so\.preload|systemd|$1"; }

# same WHAT FILE1 FILE2: words if they differ.
differ()
{
    cmp -s "$1" "$2" || { echo "expected:" && od -c "$2" | head -n 20 && echo "found:" && od -c "$1" | head -n 20; }
}

# small_library NAME SOURCE FLAGS...: a shared library that only does what SOURCE says.
small_library()
{
    library=$1 source=$2
    shift 2
    printf '%s\n' "$source" | $CC -O1 -fno-builtin -shared -fPIC -o "$library" -x c - -x none "$@"
}

# What a library needs to pass for libhakmem when it is only looked at.
FORWARD='#include <stddef.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
void *malloc(size_t n) { return __libc_malloc(n); }
void *calloc(size_t n, size_t m) { return __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { return __libc_realloc(p, n); }
void free(void *p) { __libc_free(p); }'

trap finish EXIT
trap 'exit 1' HUP INT TERM
make_tree
words=$(programs_ail)
[ -z "$words" ] || unsupported "programs do not run in a tree: $words"
