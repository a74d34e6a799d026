#!/bin/sh
# SPDX-License-Identifier: MIT
# faults.sh - libraries that would break the machine: each is refused, and not a byte changes.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

small_library "$root/opt/a.so" 'int a;' || exit 1
echo /opt/a.so >"$FILE" && chmod 640 "$FILE" && chmod 644 "$FILE"
cp -p "$FILE" before
inode=$(stat -c %i "$FILE")

unchanged()
{
    differ "$FILE" before
    [ "$(stat -c %i "$FILE")" = "$inode" ] || echo "another file"
    strays ''
    programs_ail
}

# refused WHAT RE: the library in the tree as it is now.
refused()
{
    preload enable
    judge "$1" "$([ "$status" -eq 1 ] && grep -qE -e "$2" tool.out || { echo "status $status" && cat tool.out; }; unchanged)"
}

# built WHAT RE SOURCE FLAGS...: a library made for this.
built()
{
    what=$1 re=$2 source=$3
    shift 3
    if small_library built.so "$FORWARD
$source" -Wl,-soname,libhakmem.so.1 "$@" 2>built.log; then
        install_library built.so
        refused "$what" "$re"
    else
        echo "UNSUPPORTED: faults: $what: $(head -n 1 built.log)"
    fi
}

# The file as such.
rm "$LIBRARY"
refused "missing" 'No such file'
ln -s libhakmem.so.1.0 "$LIBRARY" && cp "$SO" "$LIBRARY.0"
refused "a symbolic link" 'not a regular file'
rm -f "$LIBRARY" "$LIBRARY.0" && mkdir "$LIBRARY"
refused "a directory" 'not a regular file'
rmdir "$LIBRARY"
: >empty && install_library empty
refused "empty" 'is empty'
echo 'no library' >words && install_library words
refused "no ELF file" 'no ELF'
# All of it up to the end of what is loaded is needed; what follows is for debuggers.
size=0
for end in $(readelf -lW "$SO" | awk '$1 == "LOAD" { print $2 "+" $5 }'); do
    # shellcheck disable=SC2004 # a sum, which only its text is
    [ $(($end)) -le "$size" ] || size=$(($end))
done
for part in 1 10 50 90; do
    head -c $((size * part / 100)) "$SO" >part && install_library part
    refused "truncated to $part %" 'truncated|damaged'
done
head -c $((size - 1)) "$SO" >part && install_library part
refused "the last byte cut off" 'truncated'
head -c 40 "$SO" >part && install_library part
refused "truncated to 40 bytes" 'truncated'
cp "$SO" other && printf '\267' | dd of=other bs=1 seek=18 conv=notrunc 2>/dev/null && install_library other
case $(uname -m) in
    aarch64) ;;
    *) refused "for another processor" 'another processor' ;;
esac
printf '\001' | dd of=other bs=1 seek=4 conv=notrunc 2>/dev/null && install_library other
refused "wrong class" 'wrong class'
sed 's/GLIBC_2\.\([0-9]*\)/GLIBC_9.\1/' "$SO" >newer && install_library newer
refused "too-new glibc" 'needs GLIBC_9'
install_library "$SO" && chmod 4755 "$LIBRARY"
refused "set-user-ID" 'set-user-ID'
chmod 666 "$LIBRARY"
refused "writable by all" 'writable by others'
chmod 600 "$LIBRARY"
refused "readable by root only" 'not readable'
chmod 644 "$LIBRARY" && chown 65534 "$LIBRARY"
refused "somebody else's" 'not owned by root'
chown 0 "$LIBRARY" && chmod 777 "$(dirname "$LIBRARY")"
refused "in a directory that all may write" 'writable by others'
chmod 755 "$(dirname "$LIBRARY")"
: >"$root/lib/ld-linux.so.2"
refused "32-bit programs without a library for them" '32-bit'
cp "$LIBRARY" other && printf '\001' | dd of=other bs=1 seek=4 conv=notrunc 2>/dev/null
mkdir -p "$root/usr/lib32" && cp other "$root/usr/lib32/libhakmem.so.1"
tells 0 '^sound' "32-bit programs with one" check
rm -rf "$root/lib/ld-linux.so.2" "$root/usr/lib32"

# What is in it.
small_library built.so "$FORWARD" -Wl,-soname,libother.so.1 && install_library built.so
refused "another soname" 'soname is libother'
small_library built.so 'int x;' -Wl,-soname,libhakmem.so.1 && install_library built.so
refused "no malloc" 'does not define malloc'
small_library libneeded.so 'int needed(void) { return 0; }' -Wl,-soname,libneeded.so
built "needs another library" 'needs libneeded' 'int needed(void); int f(void) { return needed(); }' ./libneeded.so
echo 'HAKMEM_1.0 { global: malloc; };' >map
built "malloc with a version" 'with a version' '' -Wl,--version-script=map
built "executable stack" 'executable stack' '' -Wl,-z,execstack

# What it does.
built "crashing constructor" 'signal 11' '__attribute__((constructor)) static void f(void) { *(volatile int *)8 = 1; }'
built "aborting constructor" 'signal 6' 'void abort(void); __attribute__((constructor)) static void f(void) { abort(); }'
built "hanging constructor" 'did not end within' '__attribute__((constructor)) static void f(void) { for (;;) __asm__ volatile(""); }'
built "sleeping constructor" 'did not end within' 'int pause(void); __attribute__((constructor)) static void f(void) { for (;;) pause(); }'
built "prints to stderr" 'wrote: hello' 'long write(int, const void *, size_t); __attribute__((constructor)) static void f(void) { (void)!write(2, "hello\n", 6); }'
built "ends the process" 'status 3' 'void _exit(int); __attribute__((constructor)) static void f(void) { _exit(3); }'
built "undefined symbol, bound at once" 'status 127|symbol lookup error' 'int nowhere(void); __attribute__((constructor)) static void f(void) { nowhere(); }' -Wl,-z,now
built "crashes at the end" 'signal 11' '__attribute__((destructor)) static void f(void) { *(volatile int *)8 = 1; }'
built "breaks at the first fork" 'signal 11|status 139' 'int getpid(void); static int pid;
__attribute__((constructor)) static void f(void) { pid = getpid(); }
__attribute__((destructor)) static void g(void) { if (pid != getpid()) *(volatile int *)8 = 1; }
int pthread_atfork(void (*)(void), void (*)(void), void (*)(void));
static void child(void) { *(volatile int *)8 = 1; } __attribute__((constructor)) static void h(void) { pthread_atfork(0, 0, child); }'
built "forbidden system calls behind a filter" 'signal 31|status 159' '#include <unistd.h>
#include <sys/syscall.h>
void *memalign(size_t a, size_t n) { return 0; } static int n;
void *reallocarray(void *p, size_t a, size_t b) { return __libc_realloc(p, a * b); }
__attribute__((destructor)) static void f(void) { syscall(SYS_sched_yield); }'
built "needs much address space" '(threads|sh) .*(status|signal)' '#include <sys/mman.h>
#include <unistd.h>
__attribute__((constructor)) static void f(void) { if (mmap(0, 1L << 33, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED) _exit(9); }'
built "fails for others than root" 'status 7' 'unsigned getuid(void); void _exit(int);
__attribute__((constructor)) static void f(void) { if (getuid()) _exit(7); }'

# And the sound one, after all of them.
install_library "$SO"
tells 0 '^sound' "the sound one is still sound" check
judge "check changes nothing" "$(unchanged)"
tells 0 '^enabled:' "and is enabled" enable
exit 0
