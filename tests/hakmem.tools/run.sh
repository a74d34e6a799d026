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

# What a command will start and the library cannot get into, as far as its arguments tell.
warns() # warns WHAT RE COMMAND...: one line of warning
{
    re=$2 what=$1
    shift 2
    "$HAK" run "$@" >out 2>err </dev/null
    judge "a warning: $what" "$([ "$(grep -c 'hakmem: warning' err)" = 1 ] && grep -qE "hakmem: warning: $re" err || cat out err)"
}
silent() # silent WHAT COMMAND...
{
    what=$1
    shift
    "$HAK" run "$@" >out 2>err </dev/null
    judge "no warning: $what" "$(grep 'hakmem:' err)"
}
if [ -x static ]; then
    PATH=$PATH:$work
    export PATH
    is="($work|\.)/static, which .* names, is statically linked"
    warns "sh -c" "$is" sh -c './report; A=b ./static x'
    warns "sh -c, by PATH, once" "$is" sh -ec 'if true; then static; fi && static | static'
    warns "in a subshell" "$is" sh -c 'x=$(static)'
    warns "behind a wrapper" "$is" sh -c 'exec env A=b nice -n 5 static'
    warns "env" "$is" env A=b -u C static
    warns "env sh -c" "$is" env sh -c 'true; static'
    warns "timeout" "$is" timeout -s KILL 5 static
    printf '#!/bin/sh\n# static\ncat <<E >/dev/null\nstatic\nE\nstatic\n' >script
    warns "a script" "$is" ./script
    warns "sh with a script" "$is" sh -e ./script
    printf '#!/bin/sh\n# static\ncat <<-"E" >/dev/null\nstatic\n\tE\necho static; case x in static) ;; esac\n: "; static"\nf() { :; }\n' >script
    silent "words that are no commands" ./script
    silent "text of no shell" echo 'true; static'
    silent "what is not known" sh -c 'x=static; $x; eval "static"; false'
    warns "env -i" '/.*env, which the command names, takes LD_PRELOAD away' env -i ./report
    warns "env -u" '/.*env, which the command names, takes LD_PRELOAD away' env -u LD_PRELOAD ./report
    silent "env -u of another" env -u LD_PRELOADED ./report
fi
if command -v musl-gcc >/dev/null && echo 'int main(void){return 0;}' | musl-gcc -x c -o musl - 2>/dev/null; then
    expect 126 'musl is linked with musl: libhakmem needs' "program of musl" "$HAK" run ./musl
    warns "musl" './musl, which .* names, is linked with musl' sh -c './musl; true'
else
    echo "UNSUPPORTED: program of musl (musl-gcc)"
fi
if [ -x secure ]; then
    warns "set-user-ID" './secure, which .* names, is set-user-ID' sh -c ./secure
fi

# --stats: each process that left figures, and those that left none with the reason.
cat >ends.c <<'END'
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    void *volatile p = malloc(100);
    const char *how = strrchr(argv[0], '-');
    if (argc > 1)
        usleep((unsigned)atoi(argv[1]) * 1000);
    if (strcmp(how, "-quick") == 0)
        _exit(p ? 3 : 4);
    if (strcmp(how, "-killed") == 0)
        kill(getpid(), SIGTERM);
    if (strcmp(how, "-orphan") == 0 && fork() == 0) {
        usleep(700000);
        kill(getpid(), SIGUSR1);
    }
    if (strcmp(how, "-fork") == 0)
        for (int i = 0; i < 5; i++)
            if (fork() == 0) {
                usleep(700000);
                _exit(0);
            }
    while (strcmp(how, "-fork") == 0 && wait(NULL) > 0)
        continue;
    return 0;
}
END
$CC -O1 -o ends-well ends.c || exit 1
for how in quick killed orphan fork; do cp ends-well "ends-$how"; done
figures() # figures WHAT RE COMMAND...: a line of standard error matches
{
    re=$2 what=$1
    shift 2
    "$HAK" run --stats "$@" >out 2>err </dev/null
    status=$?
    judge "--stats: $what" "$(grep -qE -e "$re" err || cat err)"
}
figures "_exit" '^hakmem: no figures of ./ends-quick \(process [0-9]+\): it ended without exit\(3\), as by _exit\(2\)$' ./ends-quick 50
judge "--stats: and the status" "$([ $status = 3 ] || echo "status $status")"
figures "a process that did the work" '^ +[0-9]+ +[1-9][0-9]* .* ends-well$' sh -c './ends-well; exit 0'
judge "--stats: no line of no allocations" "$(grep -E 'allocations +0' err)"
figures "a child that ended with _exit" '^hakmem: no figures of ends-quick \(process [0-9]+\): it ended without exit' sh -c './ends-quick 700; true'
figures "a child that was killed" '^hakmem: no figures of ends-killed \(process [0-9]+\): it ended without exit\(3\): by _exit\(2\) or a signal' sh -c './ends-killed 700; true'
figures "killed itself" '^hakmem: no figures of ./ends-killed \(process [0-9]+\): it was killed by signal 15 \(Terminated\)' ./ends-killed
figures "an orphan that was killed" '^hakmem: no figures of ends-orphan \(process [0-9]+\): it was killed by signal 10' sh -c './ends-orphan; sleep 1.5'
figures "many of one kind" '^hakmem: no figures of 5 processes ends-fork, each: it ended without exit' ./ends-fork
figures "one that goes on" '^hakmem: no figures of ends-well \(process [0-9]+\): it still runs' sh -c './ends-well 3000 >/dev/null & sleep 0.7'
figures "executed another" '^hakmem: env \(process [0-9]+\), which became ends-well, with libhakmem' env ./ends-well
figures "without the library" '^hakmem: no figures of ends-well \(process [0-9]+\): the library was not seen in it' sh -c 'env -u LD_PRELOAD ./ends-well 700; true'
figures "no allocations" '^  allocations  none: it called no malloc, or not the library' --option tiny_ss_shared=0 ./ends-well
if echo '#include <unistd.h>
int main(void){sleep(1);return 0;}' | $CC -static -x c -o slow-static - 2>/dev/null; then
    figures "a static one" '^hakmem: no figures of slow-static \(process [0-9]+\): it is statically linked' sh -c './slow-static; true'
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
