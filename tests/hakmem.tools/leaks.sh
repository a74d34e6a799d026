#!/bin/sh
# SPDX-License-Identifier: MIT
# leaks.sh - hakmem leaks: a planted leak is found, and nothing where memory comes and goes.
set -u
. "$TOP/tests/hakmem.tools/common.sh"

flags="-g -O1 -fno-builtin -pthread -D_GNU_SOURCE -I$TOP/lib -I$TOP/tests/lib -I$TOP/include"
# shellcheck disable=SC2086
$CC $flags -o profiled "$HERE/profiled.c" -ldl || exit 1
if "$HAK" help profile | grep -q 'built without elfutils'; then
    echo "UNSUPPORTED: names of functions (libdw)"
    exit 0
fi

start out env LD_PRELOAD="$SO" ./profiled leaks || exit 1
"$HAK" leaks --seconds 5 --rate 2048 "$target" >said 2>&1
judge "a leak is found" "$([ $? = 0 ] && grep -q '^    leaky$' said || cat said)"
judge "and nothing else" "$(grep -q '; 1 only grew' said && ! grep -q '^    steady$' said || cat said)"
judge "with who called" "$(grep -A2 '^    leaky$' said | tr '\n' ' ' | grep -q 'leaky *called by grow *called by main' || cat said)"
judge "and when it was allocated" "$(grep -qE '^  grew by [0-9.]+[KM] to [0-9.]+[KM] \(p = [0-9.e-]+\); [0-9.]+[KM] of it in [0-9]+ blocks of the first half$' said || cat said)"
judge "it is switched off" "$("$HAK" explain --who "$target" | grep -q 'not sampled' || echo no)"
timeout -s INT 1 "$HAK" leaks --seconds 60 "$target" >said 2>&1
judge "interrupted" "$(grep -qx 'hakmem: interrupted: too few looks to tell anything' said && [ "$(wc -l <said)" = 1 ] || cat said)"
for stop in '' --stop; do
    # shellcheck disable=SC2086
    "$HAK" leaks --scan $stop --seconds 3 --rate 2048 "$target" >said 2>&1
    judge "--scan $stop: what nothing points to" "$([ $? = 0 ] && sed -n '/^nothing points to [0-9.]*[KM] in [0-9]* blocks/,$p' said | grep -qx '    leaky' || cat said)"
    judge "--scan $stop: and only that" "$([ "$(grep -c '^  unreachable: ' said)" = 1 ] || cat said)"
    judge "--scan $stop: the process goes on" "$(grep -qE '^State:\s+[RS]' "/proc/$target/status" && grep -qE '^TracerPid:\s+0$' "/proc/$target/status" || cat "/proc/$target/status")"
done
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    expect 1 '^hakmem: process [0-9]+ \(profiled\) cannot be stopped: Operation not permitted' "stopping is refused" \
        strace -o /dev/null -e trace=ptrace -e inject=ptrace:error=EPERM "$HAK" leaks --scan --stop --seconds 1 "$target"
else
    echo "UNSUPPORTED: stopping is refused (strace)"
fi
expect 2 'goes with --scan' "--stop alone" "$HAK" leaks --stop "$target"
kill -KILL "$target"
start out env LD_PRELOAD="$SO" ./profiled steady || exit 1
expect 0 '; 0 only grew' "no leak is made up" "$HAK" leaks --seconds 4 --rate 2048 "$target"
expect 0 '^nothing points to 0 in 0 blocks' "and nothing is unreachable" "$HAK" leaks --scan --seconds 2 --rate 2048 "$target"
kill -KILL "$target"
start out env LD_PRELOAD="$SO" ./profiled ends || exit 1
expect 1 'ended meanwhile' "it ends meanwhile" "$HAK" leaks --seconds 20 "$target"
start out env LD_PRELOAD="$SO" ./profiled sleeps || exit 1
expect 3 'has not begun to sample' "a process that sleeps" "$HAK" leaks --seconds 1 "$target"
expect 2 '1 to 86400' "a bad time" "$HAK" leaks --seconds 0 "$target"
expect 2 'name one process' "no process" "$HAK" leaks
exit 0
