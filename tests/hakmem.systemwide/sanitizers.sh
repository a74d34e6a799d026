#!/bin/sh
# SPDX-License-Identifier: MIT
# sanitizers.sh - programs with a sanitizer of gcc start under the hook in the ways that hakmem-preload(8) names.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

cat >program.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    char *p = strdup("some text"), *q = malloc(10);
    int past = argc > 1 ? ((volatile char *)q)[atoi(argv[1])] : 0;
    free(p);
    free(q);
    puts("well");
    return past == 4711;
}
END
mount -t proc proc "$root/proc" 2>/dev/null || unsupported "no right to mount /proc in the tree"
ASAN_OPTIONS=detect_leaks=0
run() { inside ASAN_OPTIONS="$ASAN_OPTIONS" "$@" >program.out 2>&1; }

# built PROGRAM FLAGS...: into the tree, with what it needs, and it runs there.
built()
{
    program=/opt/$1
    shift
    $CC -O1 "$@" program.c -o "$root$program" 2>/dev/null || return 1
    for needed in $(needed_by "$root$program"); do
        [ -e "$root$needed" ] || adopt "$needed"
    done
    run "$program"
}
ends_well() { [ "$(tail -n 1 program.out)" = well ] || cat program.out; }

for kind in address:asan thread:tsan; do
    name=${kind#*:}
    if ! built "$name" "-fsanitize=${kind%:*}"; then
        echo "UNSUPPORTED: sanitizers: lib$name does not run here"
        continue
    fi
    runtime=$(needed_by "$root/opt/$name" | grep "/lib$name\.so")
    preload enable || cat tool.out
    if [ -n "$runtime" ]; then
        run LD_PRELOAD="$runtime" "/opt/$name"
        judge "lib$name in front" "$(is_loaded || echo "no hook"; ends_well)"
        [ "$name" = tsan ] || run LD_PRELOAD="$runtime" "/opt/$name" 10
        [ "$name" = tsan ] || judge "lib$name in front finds faults" "$(grep -q 'heap-buffer-overflow' program.out || cat program.out)"
    else
        echo "UNSUPPORTED: sanitizers: lib$name is part of the program with this compiler"
    fi
    if built "static-$name" "-fsanitize=${kind%:*}" "-static-lib$name"; then
        judge "lib$name within the program" "$(is_loaded || echo "no hook"; ends_well)"
    elif [ -x "$root/opt/static-$name" ]; then
        judge "lib$name within the program" "it fails: $(cat program.out)"
    else
        echo "UNSUPPORTED: sanitizers: -static-lib$name"
    fi
    preload disable
done

# Any command without the file.
if inside sh -c : && unshare --mount --map-root-user true 2>/dev/null; then
    preload enable || cat tool.out
    judge "one command without the file" "$(unshare --mount --map-root-user sh -c 'mount --bind /dev/null "$1" &&
        exec chroot "$2" env -i "$3" loaded' sh "$FILE" "$root" "$HELPER" && echo "it is loaded"
        is_loaded || echo "or always was")"
else
    echo "UNSUPPORTED: sanitizers: no namespaces of users here"
fi
exit 0
