#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh - hakmem run: the command gets the library, its arguments, signals and status are its own.
set -u
. "$TOP/tests/hakmem.tools/common.sh"

cat >report.c <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("argument '%s'\n", argv[i]);
    printf("library %d\n", dlsym(RTLD_DEFAULT, "hak_layout") != NULL);
    printf("preload %s\n", getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "none");
    printf("purge %s\n", getenv("HAKMEM_PURGE_DELAY") ? getenv("HAKMEM_PURGE_DELAY") : "unset");
    void *volatile p[1000];
    for (int i = 0; i < 1000; i++)
        p[i] = memset(malloc(3000), 1, 3000);
    return p[999] == NULL;
}
END
$CC -O1 -o report report.c -ldl || exit 1

expect 0 '^library 1$' "the library is loaded" "$HAK" run ./report
expect 0 "^argument 'a  b'$" "arguments stay as they are" "$HAK" run ./report --stats 'a  b' '' '*' --
judge "all of them" "$([ "$(grep -c "^argument '\(--stats\|a  b\|\|\*\|--\)'$" expect.out)" = 5 ] || cat expect.out)"
expect 7 '^x$' "the status is the command's" "$HAK" run sh -c 'echo x; exit 7'
expect 7 '^x$' "also with --stats" "$HAK" run --stats sh -c 'echo x; exit 7'
expect 0 '^allocations=[1-9]' "--stats=FILE" sh -c "\"$HAK\" run --stats=stats.out ./report >/dev/null && cat stats.out"
expect 0 '^purge 123$' "--option" "$HAK" run --option purge_delay=123 ./report
expect 0 '^purge 124$' "--option HAKMEM_..." "$HAK" run --option HAKMEM_PURGE_DELAY=124 ./report
expect 2 "no option 'purge_dely'" "--option that does not exist" "$HAK" run --option purge_dely=1 ./report
expect 2 "bad value '-1'" "--option with a bad value" "$HAK" run --option purge_delay=-1 ./report
expect 2 'NAME=VALUE' "--option without a value" "$HAK" run --option purge_delay ./report
expect 2 'which command' "no command" "$HAK" run
expect 127 'nosuchcommand: no such command' "a command that does not exist" "$HAK" run nosuchcommand
expect 127 'no such command' "a path that does not exist" "$HAK" run ./nosuch
touch plain && chmod 644 plain
expect 126 'Permission denied' "a file that is no program" "$HAK" run ./plain
expect 126 'cannot be read' "a library that does not exist" "$HAK" run --library /nonexistent.so ./report
expect 126 'no library for this machine' "a library that is none" "$HAK" run --library ./plain ./report

"$HAK" run --stats ./report >out 2>err
judge "--stats says what the allocator did" "$(grep -q '^hakmem: ./report (process [0-9]*) with libhakmem' err &&
    grep -q 'allocations *1[0-9][0-9][0-9],' err && grep -q 'still in use 2.9M in 10' err || cat err)"
judge "--stats leaves standard output alone" "$(grep -q hakmem: out && cat out)"

# LD_PRELOAD keeps what it had; the library is there once.
echo 'int hak_test_other;' | $CC -shared -fPIC -x c -o other.so - || exit 1
LD_PRELOAD=$work/other.so "$HAK" run ./report >out
judge "what was preloaded stays" "$(grep -q "^preload .*libhakmem.so.1:$work/other.so$" out || cat out)"
LD_PRELOAD="$work/other.so:$SO" "$HAK" run "$HAK" run --stats ./report >out 2>err
judge "hakmem under the library itself" "$([ "$(grep -o libhakmem.so out | wc -l)" = 1 ] && grep -q '^library 1' out &&
    grep -q 'with libhakmem' err || cat out err)"
expect 0 '^library 1$' "run in run, with --stats in --stats" "$HAK" run --stats "$HAK" run --stats "$HAK" run ./report

# What the library cannot get into.
if echo 'int main(void){return 0;}' | $CC -static -x c -o static - 2>/dev/null; then
    expect 126 'statically linked' "static program" "$HAK" run ./static
    printf '#!%s\n' "$work/static" >script && chmod 755 script
    expect 126 'statically linked' "script of a static interpreter" "$HAK" run ./script
else
    echo "UNSUPPORTED: static program"
fi
if echo 'void _start(void){for(;;);}' | $CC -m32 -nostdlib -static -x c -o narrow - 2>/dev/null; then
    expect 126 '32-bit' "32-bit program" "$HAK" run ./narrow
else
    echo "UNSUPPORTED: 32-bit program"
fi
printf '#!/bin/sh\nexec "%s" "$@"\n' "$work/report" >script && chmod 755 script
expect 0 '^library 1$' "script" "$HAK" run ./script
if [ "$(id -u)" -eq 0 ]; then
    cp report secure && chown 65534 secure && chmod 4755 secure
    expect 0 'warning: .*set-user-ID' "set-user-ID program: a warning" "$HAK" run ./secure
else
    echo "UNSUPPORTED: set-user-ID program (needs root)"
fi

# Signals: what the command dies of, and what is sent to hakmem while it waits.
number() { case $1 in INT) echo 2 ;; KILL) echo 9 ;; USR1) echo 10 ;; SEGV) echo 11 ;; TERM) echo 15 ;; esac; }
for signal in TERM INT SEGV KILL; do
    sh -c '"$@"; echo $?' sh "$HAK" run --stats "$(command -v env)" sh -c "kill -$signal \$\$" >out 2>err
    judge "--stats: death by SIG$signal is passed on" "$([ "$(tail -n 1 out)" = $((128 + $(number $signal))) ] || cat out err)"
done
cat >waits.c <<'END'
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static volatile sig_atomic_t got;
static void note(int s) { got = s; }
int main(void)
{
    signal(SIGUSR1, note);
    signal(SIGTERM, note);
    (void)!write(1, "ready\n", 6);
    while (!got)
        pause();
    exit(got);
}
END
$CC -o waits waits.c || exit 1
for signal in USR1 TERM; do
    if start out "$HAK" run --stats ./waits; then
        kill -$signal "$target"
        wait "$target"
        status=$?
        judge "--stats: SIG$signal is passed to the command" "$([ $status = "$(number $signal)" ] || echo "status $status")"
    else
        echo "FAIL: waits"
    fi
done
exit 0
