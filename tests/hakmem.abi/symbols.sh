#!/bin/sh
# SPDX-License-Identifier: MIT
# symbols.sh - what the linked library uses of other objects is what the list says, and nothing else is reached by
# malloc and free, by their start or at the end.
set -u
. "$TOP/tests/lib/judge.sh"

here=$TOP/tests/hakmem.abi
work=$SCRATCH/symbols.d
rm -rf "$work"
mkdir -p "$work" && cd "$work" || exit 1
trap 'cd /; rm -rf "$work"' EXIT

grep -v '^#' "$here/symbols" >list
awk '$1 != "call" { print $1 }' list | sort >listed
nm -D --undefined-only "$SO" | awk '{ sub(/@.*/, "", $2); print $2 }' | sort >used
judge "the list is one" "$(sort list | awk '{ print $1 == "call" ? $1 " " $2 : $1 }' | uniq -d)"
judge "each has a reason" "$(awk 'NF < ($1 == "call" ? 4 : 3)' list)"
judge "every undefined symbol is on the list" "$(comm -23 used listed)"
judge "and each of the list is undefined" "$(comm -13 used listed | while read -r name; do
    awk -v name="$name" '$1 == name && $2 !~ /\?/' list
done)"

# Lines of reach.py that the list does not allow in group $1; they are given.
refused() # refused GROUP LIST
{
    awk -v group="$1" '
        function allows(where) { return index("," where ",", "," group ",") || where == "data" }
        NR == FNR { if ($1 == "call") call[$2] = $3; else symbol[$1] = $2; next }
        $1 == "symbol" && !($2 in symbol && allows(symbol[$2])) { print $2 }
        $1 == "indirect" && !($2 in call && allows(call[$2])) { print "a pointer in " $2 }
        $1 == "missing" { print "no function " $2 }' "$2" -
}

if [ "$(uname -m)" != x86_64 ] || ! python3 -c '' 2>/dev/null || ! objdump --version >/dev/null 2>&1; then
    echo "UNSUPPORTED: the code of this machine, or python3 and objdump are missing"
    exit 0
fi

family='malloc free calloc realloc reallocarray memalign posix_memalign aligned_alloc valloc pvalloc cfree
malloc_usable_size malloc_trim _Znwm _Znam _ZnwmRKSt9nothrow_t _ZnwmSt11align_val_tRKSt9nothrow_t _ZdlPv _ZdlPvm'
for group in path start exit; do
    case $group in
    path) roots="$family -hak_start" ;;
    start) roots="hak_start on_load" ;;
    exit) roots=on_unload ;;
    esac
    python3 "$here/reach.py" "$SO" $roots >reached 2>said
    judge "what $group reaches can be read" "$(cat said; grep -q '^symbol' reached || echo nothing)"
    judge "$group reaches what the list allows" "$(refused $group list <reached)"
    judge "and all that it says of it" "$(awk -v group="$group" 'NR == FNR { seen[$2]; next }
        $1 != "call" && $2 !~ /\?/ && index("," $2 ",", "," group ",") && !($1 in seen) { print $1 }' reached list)"
done

# The judge must be able to say no: by a call, through a table, by an address that is handed on.
cat >made-up.c <<'END'
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
static int look(void) { return (int)getppid(); }
static int (*const table[])(void) = {look, (int (*)(void))getpid};
static int on_demand(int i) { return table[i](); }
static __attribute__((noinline)) int call(int (*f)(void)) { return f(); }
static __attribute__((noinline)) void slow(size_t n) { struct timespec ts; clock_gettime((int)n, &ts); }
__attribute__((noinline)) void wall(void) { sleep(1); }
void *malloc(size_t n) { if (n > 100) slow(n); wall(); return (void *)(size_t)(on_demand((int)n) + call((int (*)(void))rand)); }
void *other(void) { return getenv("x"); }
END
if $CC -O1 -w -fno-builtin -fPIC -shared -fvisibility=hidden -o made-up.so made-up.c; then
    found=$(python3 "$here/reach.py" made-up.so malloc -wall | tr '\n' ' ')
    judge "a made-up library is seen through" "$(for name in clock_gettime getpid getppid rand; do
        echo "$found" | grep -q "symbol $name " || echo "$name is not found"
    done)"
    judge "up to the wall" "$(echo "$found" | grep -E 'sleep|getenv')"
    bad=$(python3 "$here/reach.py" made-up.so malloc nosuch | refused path list)
    judge "and refused" "$(for what in clock_gettime getpid getppid rand sleep "no function nosuch" "a pointer in call"; do
        echo "$bad" | grep -qx "$what" || echo "$what is let through"
    done)"
else
    judge "a made-up library is compiled" no
fi
exit 0
