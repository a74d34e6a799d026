#!/bin/sh
# SPDX-License-Identifier: MIT
# purge.sh - hakmem purge: what is free goes back, once for all who ask, and what cannot be done is said.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

$CC -O1 -fno-builtin -pthread -D_GNU_SOURCE -I"$TOP/lib" -I"$TOP/tests/lib" -I"$TOP/include" -o purged \
    "$HERE/purged.c" -ldl || exit 1
mkfifo pipe || exit 1

# begin [NAME=VALUE...]: a target whose orders are written to descriptor 3.
begin()
{
    : >out
    env LD_PRELOAD="$SO" HAKMEM_ACE_THREAD=0 HAKMEM_PURGE_DELAY=3600000 HAKMEM_RETAIN_BYTES=1g "$@" ./purged <pipe >out 2>out.err &
    target=$!
    pids="$pids $target"
    exec 3>pipe
    lines=0
    await
}

await() # wait until out has a line more: it is in $line
{
    lines=$((lines + 1))
    for _ in $(seq 300); do
        [ "$(wc -l <out)" -lt $lines ] || break
        kill -0 "$target" 2>/dev/null || break
        sleep 0.1
    done
    line=$(sed -n ${lines}p out)
}

order() # order WORD: and wait for what it says
{
    echo "$1" >&3
    await
}

# quit WHAT: what is in use was not touched, and the heap is sound.
quit()
{
    echo quit >&3
    exec 3>&-
    wait "$target"
    result $? "$1"
}

drop() # the target has done its part
{
    kill -CONT "$target" 2>/dev/null
    kill -KILL "$target" 2>/dev/null
    exec 3>&-
    wait "$target" 2>/dev/null
}

figure() { "$HAK" stat --json "$target" | $python -c "import json, sys; print(json.load(sys.stdin)['$1']['$2'])"; }
get() { $python -c "import json; print(json.load(open('$1'))['$2'])"; }

# One that works: it is served at once, and tells the truth.
begin
before=$(rss_of "$target")
echo loop >&3
expect 0 'given back to the system' "a process that works" "$HAK" purge --wait 30 "$target"
judge "it says what was kept before and after" "$(grep -qE '^  kept for reuse +[0-9.]+M +[0-9.]+K?M?$' expect.out || cat expect.out)"
after=$(rss_of "$target")
judge "resident memory is less" "$([ $((before - after)) -gt 6000000 ] || echo "$before, then $after")"
"$HAK" purge --json --wait 30 "$target" >json
result $? "--json"
judge "--json: what it is" "$([ "$(get json served)" = True ] && [ "$(get json pid)" = "$target" ] || cat json)"
judge "--json: nothing is left of the first" "$($python -c '
import json
d = json.load(open("json"))
if d["kept_after_bytes"] > d["kept_before_bytes"] or d["resident_before_bytes"] <= 0 or d["resident_after_bytes"] <= 0:
    print(d)')"

# Many at a time.
asking=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    timeout 60 "$HAK" purge --wait 30 "$target" >/dev/null &
    asking="$asking $!"
done
bad=
for pid in $asking; do wait "$pid" || bad="$bad $?"; done
judge "twelve who ask at a time" "$bad"
exec 3>&-
wait "$target"
result $? "four threads that were asked meanwhile: what is in use stays"

# One that sleeps: not served yet, then served once, however many asked.
begin
expect 3 '^hakmem: process [0-9]* \(purged\) has not answered yet: it sleeps.*next slow path' "a process that sleeps" \
    "$HAK" purge --wait 0.2 "$target"
judge "one line" "$([ "$(wc -l <expect.out)" = 1 ] || cat expect.out)"
"$HAK" purge --json --wait 0 "$target" >json 2>/dev/null
judge "a process that sleeps: --json, --wait 0" "$([ $? = 3 ] && [ "$(get json served)" = False ] || cat json)"
kill -STOP "$target"
expect 3 'has not answered yet: it is stopped' "a process that is stopped" "$HAK" purge --wait 0 "$target"
kill -CONT "$target"
kept=$(figure heap retained_bytes)
order work
judge "it is served when it wakes, once" "$([ "$line" = "work wanted 0 begun 1 done 1" ] || cat out)"
purged=$(figure counters purged_bytes)
judge "what was kept went back" "$([ "$kept" -gt 6000000 ] && [ "$purged" -ge "$kept" ] || echo "$kept kept, $purged purged")"
order work
judge "and not again" "$([ "$line" = "work wanted 0 begun 1 done 1" ] || cat out)"
quit "what is in use stays"

# The child of a process that was asked was not asked itself, and can be.
begin
"$HAK" purge --wait 0 "$target" >/dev/null 2>&1
order fork
judge "a child is not asked with its parent" "$([ "$line" = "child wanted 0 begun 0 done 0" ] || cat out)"
await
judge "its parent still is" "$([ "$line" = "fork wanted 1 begun 0 done 0" ] || cat out)"
order work
judge "and does it" "$([ "$line" = "work wanted 0 begun 1 done 1" ] || cat out)"
quit "what is in use stays, after fork"

# The helper thread serves while the program sleeps.
begin HAKMEM_ACE_THREAD=1
order work
if grep -qx hakmem-ace "/proc/$target/task/"*/comm 2>/dev/null; then
    expect 0 'given back to the system' "the helper thread" "$HAK" purge --wait 10 "$target"
else
    echo "UNSUPPORTED: the helper thread"
fi
quit "what is in use stays, with the helper"

# Modes.
begin HAKMEM_TINY_SLL_VALIDATE_HDR=1
echo loop >&3
expect 0 'in checked mode' "checked mode" "$HAK" purge --wait 30 "$target"
exec 3>&-
wait "$target"
result $? "what is in use stays, in checked mode"
begin HAKMEM_TINY_SS_SHARED=0
expect 1 '^hakmem: .*in passive mode: the C library has its memory' "passive mode" "$HAK" purge "$target"
drop

# What comes in between.
begin
"$HAK" purge --wait 30 "$target" >expect.out 2>&1 &
asking=$!
sleep 0.3
drop
wait "$asking"
judge "it ends meanwhile" "$([ $? = 1 ] && grep -qE '^hakmem: process [0-9]+ \(purged\) ended before it answered$' expect.out || cat expect.out)"
begin
"$HAK" purge --wait 30 "$target" >expect.out 2>&1 &
asking=$!
sleep 0.3
echo exec >&3
wait "$asking"
judge "it executes another program" "$([ $? = 1 ] && grep -qE '^hakmem: process [0-9]+ .*executes another program now$' expect.out || cat expect.out)"
drop
begin
order damage
expect 1 'has damaged what the library keeps there' "damage" "$HAK" purge "$target"
order nothing
judge "damage: nothing is written" "$([ "$line" = "nothing wanted 0 begun 0 done 0" ] || cat out)"
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    drop
    begin
    expect 1 '^hakmem: process [0-9]* \(purged\) cannot be asked: Operation not permitted' "writing is refused" \
        strace -o /dev/null -e trace=process_vm_writev -e inject=process_vm_writev:error=EPERM "$HAK" purge "$target"
else
    echo "UNSUPPORTED: writing is refused (strace)"
fi
expect 2 '0 to 86400 seconds' "a bad time" "$HAK" purge --wait x "$target"
expect 2 '0 to 86400 seconds' "a negative time" "$HAK" purge --wait -1 "$target"
drop
exit 0
