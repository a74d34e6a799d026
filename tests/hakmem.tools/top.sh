#!/bin/sh
# SPDX-License-Identifier: MIT
# top.sh - hakmem top: who uses the library, into a pipe and onto a terminal.
set -u
. "$TOP/tests/hakmem.tools/common.sh"

cat >waits.c <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    size_t size = strtoul(argv[argc - 1], NULL, 10);
    void *volatile p = memset(malloc(size), 1, size);
    (void)!write(1, "ready\n", 6);
    for (;;)
        p ? pause() : 0;
}
END
$CC -o a-rather-long-name-of-a-program waits.c || exit 1
start out env LD_PRELOAD="$SO" ./a-rather-long-name-of-a-program 1000000
small=$target
start out env LD_PRELOAD="$SO" ./a-rather-long-name-of-a-program 30000000
large=$target
start out ./a-rather-long-name-of-a-program 30000000
other=$target

"$HAK" top --count 2 --interval 0.2 >table
result $? "top --count 2 into a pipe"
judge "two tables" "$([ "$(grep -c '^hakmem top ' table)" = 2 ] && [ "$(grep -c '^ *PID ' table)" = 2 ] || cat table)"
judge "no escape codes" "$(grep -n "$(printf '\033')" table)"
judge "no line is wider than 80 columns" "$(awk 'length > 80' table)"
judge "both processes, twice" "$([ "$(grep -cE "^ *($small|$large) " table)" = 4 ] || cat table)"
judge "no other" "$(grep -E "^ *$other " table)"
judge "the larger first" "$(awk -v a=$large -v b=$small '$1 == a { seen = 1 } $1 == b && !seen { print }' table)"
judge "what the large one holds" "$(awk -v a=$large '$1 == a && $3 != "28.7M" && $3 != "28.6M" { print }' table)"

"$HAK" top --count 1 "$small" >table
judge "one process" "$([ "$(wc -l <table)" = 3 ] && grep -q "^ *$small " table || cat table)"
(
    sleep 0.5
    kill -KILL "$small"
) &
timeout 20 "$HAK" top --interval 0.2 "$small" >table
result $? "it ends with its process"
timeout 20 "$HAK" top --interval 0.2 | head -n 1 >table
result $? "a pipe that is closed ends it"

# By another user: nothing can be read, and that is said.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    others=$(mktemp -d) && cp "$HAK" "$others/hakmem" && chmod 755 "$others" "$others/hakmem"
    if setpriv --reuid=65534 --regid=65534 --clear-groups "$others/hakmem" --version >/dev/null 2>&1; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$others/hakmem" top --count 1 >table
        judge "another user: no process" "$(grep -q '^hakmem top .*: 0 processes' table || cat table)"
        readable=$("$HAK" top --count 1 | grep -cE '^ *[0-9]+ ')
        judge "how many could not be read, and why" "$(awk -v least="$readable" '
            / not read: that needs the same user, or root \(CAP_SYS_PTRACE\)$/ && $1 >= least { found = 1 }
            END { exit !found }' table || cat table)"
        judge "80 columns" "$(awk 'length > 80' table)"
        # One's own processes can be read, or only listed.
        setpriv --reuid=65534 --regid=65534 --clear-groups env LD_PRELOAD="$SO" sleep 60 &
        pids="$pids $!"
        sleep 0.5
        own=$!
        setpriv --reuid=65534 --regid=65534 --clear-groups "$others/hakmem" top --count 1 >table
        if [ -r "$SO" ] && setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$SO"; then
            judge "another user: own processes" "$(grep -qE "^ *$own |1 that use it not read" table || cat table)"
        else
            echo "UNSUPPORTED: another user: own processes"
        fi
        # Mappings may be listed, and memory not be read: as with ptrace_scope.
        if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
            strace -o /dev/null -e trace=process_vm_readv -e inject=process_vm_readv:error=EPERM "$HAK" top --count 1 >table
            judge "memory that may not be read" "$(grep -qE '^  [1-9][0-9]* that use it not read: that needs .*, or root$' table || cat table)"
        else
            echo "UNSUPPORTED: memory that may not be read (strace)"
        fi
    else
        echo "UNSUPPORTED: another user"
    fi
    rm -rf "$others"
else
    echo "UNSUPPORTED: another user (needs root)"
fi

if command -v script >/dev/null; then
    TERM=xterm timeout 20 script -qec "'$HAK' top --count 2 --interval 0.2" /dev/null >table </dev/null
    judge "on a terminal it clears the screen" "$([ "$(grep -c "$(printf '\033')\[H" table)" = 2 ] || cat -v table)"
else
    echo "UNSUPPORTED: on a terminal (no script command)"
fi
exit 0
