#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh - link programs with a library installed below a directory of the test's own.
set -u

result()
{
    if [ $? -eq 0 ]; then echo "PASS: $1"; else echo "FAIL: $1"; fi
}

needs() # needs FILE: does it name the library?
{
    readelf -dW "$1" | grep -q 'NEEDED.*\[libhakmem\.so\.1\]'
}

root=$SCRATCH/install.dir
rm -rf "$root"
mkdir -p "$root" && cd "$root" || exit 1
make -C "$BUILD" install DESTDIR="$root/dest" >make.log 2>&1
if [ $? -ne 0 ]; then
    echo "FAIL: make install"
    tail -n 20 make.log
    exit 0
fi
echo "PASS: make install"

pc=$(find dest -name hakmem.pc)
libdir=$(dirname "$(find "$root/dest" -name libhakmem.so.1)")
include=$(dirname "$(find "$root/dest" -name hakmem.h)")
[ -f "$libdir/libhakmem.so.1" ] && [ ! -L "$libdir/libhakmem.so.1" ]
result "libhakmem.so.1 is a regular file"
[ "$(readlink "$libdir/libhakmem.so")" = libhakmem.so.1 ]
result "libhakmem.so points to it"
[ "$(cd "$libdir" && ls libhakmem.so* | tr '\n' ' ')" = "libhakmem.so libhakmem.so.1 " ]
result "no other name of it"
[ -z "$(find dest -type f -newer make.log -path '*/etc/*')" ] && [ -f "$include/hakmem.h" ]
result "header installed, nothing in etc"

for standard in c99 c11 gnu17; do
    echo '#include <hakmem.h>' | $CC -std=$standard -pedantic -Wall -Wextra -Werror -I"$include" -fsyntax-only -x c -
    result "the header is $standard on its own"
done
echo '#include <hakmem.h>' | $CC -std=c++11 -pedantic -Wall -Wextra -Werror -I"$include" -fsyntax-only -x c++ -
result "the header is C++ on its own"

# What the declarations tell the compiler: no false alarm, a true one, the size of a block.
cat >declared.c <<'END'
#include <hakmem.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    void *p = malloc((size_t)argc * 100), *q = malloc(argv[0][0] + 1u);
    int ours = hak_owns(p) && hak_usable_size(q) > 0;
    free(p);
    free(q);
    return !ours;
}
END
cat >lost.c <<'END'
#include <hakmem.h>
int main(void) { hak_malloc(100); }
END
cat >size.c <<'END'
#include <hakmem.h>
int main(void)
{
    char *p = hak_malloc(7), *q = hak_calloc(3, 5), *r = hak_memalign(64, 70), *s = hak_realloc(p, 9);
    return (__builtin_object_size(q, 0) == 15 && __builtin_object_size(r, 0) == 70 && __builtin_object_size(s, 0) == 9) ? 0 : 1;
}
END
$CC -O2 -Wall -Wextra -Werror -I"$include" -c declared.c -o declared.o
result "a block may be asked about before anything is written to it"
! $CC -O2 -Wall -Werror -I"$include" -c lost.c -o lost.o 2>lost.log && grep -q 'unused' lost.log
result "a block that is lost at once draws a warning"
$CC -O2 -I"$include" size.c -L"$libdir" -lhakmem -o size && LD_LIBRARY_PATH=$libdir ./size
result "the compiler knows the sizes of blocks"

man3=$(dirname "$(find "$root/dest" -name hakmem.3)")
missing=$(for function in $(sed -n 's/^HAK_EXPORT .*[ *]\(hak_[a-z_]*\)(.*/\1/p' "$include/hakmem.h"); do
    grep -q "$function" "$man3/$function.3" || echo "$function"
done)
[ -z "$missing" ] || echo "$missing"
[ -z "$missing" ]
result "each function has its page, by its name"

if [ -z "$pc" ]; then
    echo "FAIL: hakmem.pc installed"
    exit 0
fi
if ! command -v pkg-config >/dev/null; then
    echo "UNSUPPORTED: pkg-config is missing"
    exit 0
fi
PKG_CONFIG_PATH=$root/$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$root/dest
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
[ "$(pkg-config --modversion hakmem)" = "$(sed -n 's/#define PACKAGE_VERSION "\(.*\)"/\1/p' "$BUILD/lib/config.h")" ]
result "pkg-config knows the version"
libs=$(pkg-config --libs hakmem)
cflags=$(pkg-config --cflags hakmem)

# Programs that name no symbol of ours: the entry must stay, also under --as-needed.
cat >plain.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    char *p = strdup("text");
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    int found = 0;
    while (fgets(line, sizeof line, f))
        found |= strstr(line, "libhakmem") != NULL;
    free(p);
    return !found;
}
END
cat >plain.cc <<'END'
#include <string>
#include <vector>
int main() { std::vector<std::string> v(1000, std::string(100, 'x')); return v[999].size() != 100; }
END
cat >ours.c <<'END'
#include <hakmem.h>
#include <stdlib.h>
int main(void) { void *p = malloc(100); int ours = hak_owns(p); free(p); return !ours; }
END
try() # try NAME COMMAND...
{
    name=$1
    shift
    "$@" -o program >link.log 2>&1 || cat link.log
    LD_LIBRARY_PATH=$libdir ./program
    [ $? -eq 0 ] && { [ "$name" != "${name#static}" ] || needs program; }
    result "$name"
    rm -f program
}
try "C program" $CC plain.c $libs
try "C program under --as-needed" $CC -Wl,--as-needed plain.c $libs
try "C++ program under --as-needed" $CC -x c++ -Wl,--as-needed plain.cc -x none $libs -lstdc++
try "program with the header" $CC $cflags ours.c $libs
try "static archive" $CC $cflags ours.c -L"$libdir" $(pkg-config --static --libs hakmem | sed 's/-lhakmem_nonshared//; s/-lhakmem\b/-l:libhakmem.a/')
try "static executable" $CC -static $cflags ours.c -Wl,-u,malloc "$libdir/libhakmem.a" -pthread

# Uninstalling leaves nothing of ours.
make -C "$BUILD" uninstall DESTDIR="$root/dest" >make.log 2>&1
result "make uninstall"
left=$(find dest ! -type d)
[ -z "$left" ] || echo "$left"
[ -z "$left" ]
result "nothing is left"
cd "$SCRATCH" && rm -rf "$root"
exit 0
