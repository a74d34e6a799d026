#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh - hakmem check finds each thing that keeps the library from working.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

: >absent && rm absent
# Nothing names it here: programs do not use it, and that is all that is wrong.
expect 1 '^problem .*programs started here do not use it: malloc is that of .*/libc' "not used here" "$HAK" check --conf "$work/absent"
judge "one problem" "$([ "$(grep -c problem expect.out)" = 1 ] || cat expect.out)"
"$HAK" check --json --conf "$work/absent" | $python -c '
import json, sys
sys.exit(json.load(sys.stdin)["works"])'
result $? "not used here: --json"
LD_PRELOAD=$SO
export LD_PRELOAD
expect 0 '^ok  .*trial process' "all is well" "$HAK" check --conf "$work/absent"
judge "libraries opened with RTLD_DEEPBIND" "$(grep -q '^ok .*RTLD_DEEPBIND get malloc from it' expect.out || cat expect.out)"
judge "nothing is a problem" "$(grep problem expect.out)"
judge "no line but findings" "$(grep -vE '^(ok      |note    ) ' expect.out)"
judge "programs started here" "$(grep -q '^ok .*programs started here use it' expect.out || cat expect.out)"
"$HAK" check --json --conf "$work/absent" >check.json
judge "--json" "$($python -c '
import json
data = json.load(open("check.json"))
levels = {f["level"] for f in data["findings"]}
if data["works"] is not True or not levels <= {"ok", "note"} or not all(f["text"] and f["about"] for f in data["findings"]):
    print(data)' 2>&1)"
unset LD_PRELOAD

expect 1 'problem .*cannot be read' "no library" "$HAK" check --library "$work/nosuch.so"
touch empty
expect 1 'problem .*no 64-bit library' "a library that is none" "$HAK" check --library "$work/empty"
if echo 'int x;' | $CC -m32 -nostdlib -shared -fPIC -x c -o narrow.so - 2>/dev/null; then
    expect 1 'problem .*no 64-bit library' "a 32-bit library" "$HAK" check --library "$work/narrow.so"
    expect 1 'problem .*LD_PRELOAD names .*cannot be read' "LD_PRELOAD names a file that is not there" \
        env LD_PRELOAD="$work/gone/libhakmem.so.1" "$HAK" check
else
    echo "UNSUPPORTED: a 32-bit library"
fi
cat >other.c <<'END'
extern void *__libc_malloc(unsigned long), *__libc_calloc(unsigned long, unsigned long), *__libc_realloc(void *, unsigned long);
extern void __libc_free(void *);
void *malloc(unsigned long n) { return __libc_malloc(n); }
void *calloc(unsigned long n, unsigned long m) { return __libc_calloc(n, m); }
void *realloc(void *p, unsigned long n) { return __libc_realloc(p, n); }
void free(void *p) { __libc_free(p); }
END
$CC -O1 -fno-builtin -shared -fPIC -o other.so other.c || exit 1
expect 1 'problem .*no libhakmem.so.1' "another library" "$HAK" check --library "$work/other.so"
expect 1 'note .*other.so in front' "another allocator in LD_PRELOAD" env LD_PRELOAD="$work/other.so" "$HAK" check --conf "$work/absent"
judge "which programs here use" "$(grep -q "problem .*do not use it: malloc is that of $work/other.so" expect.out || cat expect.out)"
expect 0 'note .*RTLD_DEEPBIND get malloc from the C library' "HAKMEM_DEEPBIND_FIX=0" \
    env LD_PRELOAD="$SO" HAKMEM_DEEPBIND_FIX=0 "$HAK" check --conf "$work/absent"
expect 1 'problem .*passive mode' "passive mode" env HAKMEM_TINY_SS_SHARED=0 "$HAK" check --conf "$work/absent"

# The configuration.
if [ "$(id -u)" -eq 0 ]; then
    printf 'purge_delay = 100\n\n[program:git]\ncache_bytes = 1k\n' >sound.conf
    expect 0 '^ok .*sound.conf is sound' "a sound hakmem.conf" env LD_PRELOAD="$SO" "$HAK" check --conf "$work/sound.conf"
    printf 'purge_delay = much\nnonsense\n[program:git]\npurge_dely = 1\n[program:/usr/bin/x*]\ncache_bytes = 9z\n' >bad.conf
    expect 1 'bad.conf:1' "a bad hakmem.conf: first line" "$HAK" check --conf "$work/bad.conf"
    for line in 2 4 6; do
        judge "line $line" "$(grep -q "problem .*bad.conf:$line" expect.out || cat expect.out)"
    done
    chmod 666 sound.conf
    expect 1 'problem .*ignored: it is writable' "a hakmem.conf that anybody may write" "$HAK" check --conf "$work/sound.conf"
    chmod 644 sound.conf && chown 65534 sound.conf
    expect 1 'problem .*ignored: it is not owned by root' "a hakmem.conf of somebody else" "$HAK" check --conf "$work/sound.conf"
else
    echo "UNSUPPORTED: hakmem.conf (needs root)"
fi

# A process.
cat >waits.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    void *volatile p = malloc(100);
    if (argc > 1 && !dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND))
        return 1;
    (void)!write(1, "ready\n", 6);
    for (;;)
        p ? pause() : 0;
}
END
$CC -o waits waits.c || exit 1
try() # try STATUS RE WHAT COMMAND...: hakmem check on the process that runs COMMAND
{
    wanted=$1 words=$2 name=$3
    shift 3
    if start out "$@"; then
        expect "$wanted" "$words" "$name" "$HAK" check "$target"
        "$HAK" check --json "$target" | $python -m json.tool >/dev/null
        result $? "$name: --json"
        kill -KILL "$target"
    else
        echo "FAIL: $name"
    fi
}
try 0 '^ok .*serves from its pool' "process with the library" env LD_PRELOAD="$SO" ./waits
judge "and RTLD_DEEPBIND, before" "$(grep -q '^ok .*RTLD_DEEPBIND will use it.*none was so far' expect.out || cat expect.out)"
try 0 '^ok .*opened with RTLD_DEEPBIND, and uses' "process that used RTLD_DEEPBIND" env LD_PRELOAD="$SO" ./waits "$work/other.so"
try 0 'note .*RTLD_DEEPBIND use the C library.*DEEPBIND_FIX is 0' "HAKMEM_DEEPBIND_FIX=0, a process" \
    env LD_PRELOAD="$SO" HAKMEM_DEEPBIND_FIX=0 ./waits
try 0 'note .*checked mode' "process in checked mode" env LD_PRELOAD="$SO" HAKMEM_TINY_SLL_VALIDATE_HDR=1 ./waits
try 1 'problem .*passive mode' "process in passive mode" env LD_PRELOAD="$SO" HAKMEM_TINY_SS_SHARED=0 ./waits
try 1 'problem .*not loaded' "process without the library" ./waits
judge "and why" "$(grep -q 'note .*neither LD_PRELOAD' expect.out && grep -q 'malloc is that of .*libc' expect.out || cat expect.out)"
try 1 "problem .*malloc is that of $work/other.so" "another allocator listed earlier" env LD_PRELOAD="$work/other.so:$SO" ./waits
judge "and RTLD_DEEPBIND, which does not help it" "$(grep -q "note .*RTLD_DEEPBIND will use the C library's malloc, the program that of $work/other.so" expect.out &&
    ! grep -q '^ok .*DEEPBIND' expect.out || cat expect.out)"
try 1 "note .*was opened with RTLD_DEEPBIND: it uses the C library's malloc, the program that of $work/other.so" \
    "and with one opened so" env LD_PRELOAD="$work/other.so:$SO" ./waits "$work/other.so"
try 0 '^ok .*malloc is that of libhakmem' "another allocator listed later" env LD_PRELOAD="$SO:$work/other.so" ./waits
judge "is told of" "$(grep -q "note .*$work/other.so is another allocator (of a name that is not known), and serves nothing" expect.out || cat expect.out)"

# A program that asks an allocator for figures, as redis does; by what it defines, not by its name.
cat >figures.c <<'END'
#include <stddef.h>
void *malloc(size_t n) { return 0; }
int mallctl(const char *name, void *old, size_t *size, void *new, size_t length) { return 1; }
END
$CC -O1 -fno-builtin -shared -fPIC -Wl,-soname,figures.so -o figures.so figures.c || exit 1
sed 's/^int main/extern int mallctl();\nint (*volatile ask)() = mallctl;\nint main/' waits.c >asks.c
$CC -o asks asks.c ./figures.so -Wl,-rpath,"$work" || exit 1
try 0 "note .*$work/figures.so is another allocator \(jemalloc\), and serves nothing; $work/asks asks it by mallctl, and gets figures that are not" \
    "a program that asks another allocator" env LD_PRELOAD="$SO" ./asks
judge "and no more is said of it" "$([ "$(grep -c figures.so expect.out)" = 1 ] || cat expect.out)"
$CC -o idle waits.c -Wl,--no-as-needed ./figures.so -Wl,-rpath,"$work" || exit 1
try 0 "note .*$work/figures.so is another allocator \(jemalloc\), and serves nothing: whoever" "one that nobody asks" env LD_PRELOAD="$SO" ./idle
sed 's/^int main/int je_mallctl(void) { return 1; }\nint main/' waits.c >own.c
$CC -rdynamic -o own own.c || exit 1
try 0 "note .*$work/own holds another allocator \(jemalloc\): what is asked of it by its own names" "one within the program" env LD_PRELOAD="$SO" ./own
try 0 '^ok .*serves from its pool' "no other allocator" env LD_PRELOAD="$SO" ./waits
judge "of none is told" "$(grep -E 'allocator|anitizer' expect.out)"

# Sanitizers: shared, and within the program.
for kind in leak:lsan:LeakSanitizer undefined:ubsan:UndefinedBehaviorSanitizer; do
    flag=${kind%%:*} title=${kind##*:} short=${kind#*:}
    short=${short%:*}
    case $flag in
        leak) words='malloc is not its own: it knows no block of the heap, and reports no leak' ;;
        *) words='it needs no malloc of its own' ;;
    esac
    if $CC -fsanitize="$flag" -o sanitized waits.c 2>/dev/null && env LD_PRELOAD="$SO" timeout 1 ./sanitized 2>/dev/null | grep -q ready; then
        try 0 "note .*$title is in the process \(.*lib$short.*$words" "$title" env LD_PRELOAD="$SO" ./sanitized
    else
        echo "UNSUPPORTED: $title"
    fi
done
for kind in address:asan:AddressSanitizer leak:lsan:LeakSanitizer thread:tsan:ThreadSanitizer; do
    flag=${kind%%:*} title=${kind##*:} short=${kind#*:}
    short=${short%:*}
    if $CC -fsanitize="$flag" "-static-lib$short" -o sanitized waits.c 2>/dev/null && timeout 1 ./sanitized 2>/dev/null | grep -q ready; then
        try 1 "note .*$title is in the process \($work/sanitized\), and has its own malloc" "$title within the program" env LD_PRELOAD="$SO" ./sanitized
        try 1 "note .*$title is in the process" "$title, without the library" ./sanitized
    else
        echo "UNSUPPORTED: $title within the program"
    fi
done
if command -v musl-gcc >/dev/null && musl-gcc -DRTLD_DEEPBIND=0 -o musl waits.c 2>/dev/null; then
    try 1 'problem .*linked with musl' "a program of musl" ./musl
else
    echo "UNSUPPORTED: a program of musl (musl-gcc)"
fi
try 1 'problem .*did not find or could not load' "a library that could not be loaded" env LD_PRELOAD=/nonexistent/libhakmem.so.1 ./waits
if $CC -static -o static waits.c 2>/dev/null; then
    try 1 'problem .*statically linked' "static process" env LD_PRELOAD="$SO" ./static
else
    echo "UNSUPPORTED: static process"
fi
if [ "$(id -u)" -eq 0 ] && [ -f "$SO" ]; then
    cp waits secure && chown 65534 secure && chmod 4755 secure
    if command -v setpriv >/dev/null && chmod 755 . && setpriv --reuid=1 --regid=1 --clear-groups test -x "$work/secure"; then
        try 1 'problem .*secure execution' "set-user-ID process" setpriv --reuid=1 --regid=1 --clear-groups \
            env LD_PRELOAD="$SO" "$work/secure"
    else
        echo "UNSUPPORTED: set-user-ID process"
    fi
fi
exit 0
