#!/bin/sh
# SPDX-License-Identifier: MIT
# musl.sh - a program of another C library that inherits LD_PRELOAD starts, and has its malloc from us.
set -u
. "$TOP/tests/lib/judge.sh"

judge "what glibc alone has is weak" "$(nm -D --undefined-only "$SO" | grep -E ' U (__register_atfork|__libc_|gnu_)')"
if ! command -v musl-gcc >/dev/null; then
    echo "UNSUPPORTED: musl-gcc is missing"
    exit 0
fi
work=$SCRATCH/musl.d
rm -rf "$work"
mkdir -p "$work" && cd "$work" || exit 1
trap 'cd /; rm -rf "$work"' EXIT

cat >work.c <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void *work(void *unused)
{
    for (int i = 1; i < 20000; i++)
        free(memset(realloc(malloc(i), i * 2), 1, i * 2));
    return unused;
}
int main(void)
{
    pthread_t thread;
    int status;
    if (pthread_create(&thread, NULL, work, NULL))
        return 1;
    work(NULL);
    pid_t child = fork();
    if (child == 0) {
        work(NULL);
        _exit(3);
    }
    pthread_join(thread, NULL);
    return waitpid(child, &status, 0) != child || status != 3 << 8;
}
END
judge "a program is compiled" "$(musl-gcc -O1 -w -o work work.c 2>&1)"
for mode in HAKMEM_ACE=1 HAKMEM_TINY_SLL_VALIDATE_HDR=1; do
    rm -f stats
    timeout -k 1 30 env HAKMEM_STATS_FILE=stats $mode LD_PRELOAD="$SO" ./work >out 2>&1
    judge "it ends as it should, $mode" "$([ $? -eq 0 ] || echo "status"; cat out)"
    judge "and its blocks were ours, $mode" "$(grep -q '^allocations=[0-9]\{5\}' stats || echo none)"
done
exit 0
