#!/bin/sh
# SPDX-License-Identifier: MIT
# profile-process.sh - hakmem profile of running processes: it switches on and off again, and what cannot be had is said.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

flags="-g -O1 -fno-builtin -pthread -D_GNU_SOURCE -I$TOP/lib -I$TOP/tests/lib -I$TOP/include"
# shellcheck disable=SC2086
$CC $flags -o profiled "$HERE/profiled.c" -ldl || exit 1
echo '#include <stdlib.h>
void *volatile keep;
void plugged(void) { free(keep); keep = malloc(100); }' >plugin.c
$CC -g -O1 -fno-builtin -shared -fPIC -o plugin.so plugin.c || exit 1
is() { judge "$1" "$($python "$HERE/profile.py" "$2" "$3" "$4" 2>&1)"; }

# begin [NAME=VALUE...] WHAT [ARGUMENT]: a target.
begin()
{
    words=
    while :; do
        case ${1-} in *=*) words="$words $1" && shift ;; *) break ;; esac
    done
    # shellcheck disable=SC2086
    start out env LD_PRELOAD="$SO" $words ./profiled "$@" || exit 1
}

drop()
{
    kill -CONT "$target" 2>/dev/null
    kill -KILL "$target" 2>/dev/null
    wait "$target" 2>/dev/null
}

off() # off WHAT: nothing is sampled in the target
{
    judge "$1" "$("$HAK" explain --who "$target" | grep -q 'allocations are not sampled' || "$HAK" explain --who "$target")"
}

if "$HAK" help profile | grep -q 'built without elfutils'; then
    echo "UNSUPPORTED: names of functions (libdw)"
    exit 0
fi

# On and off, again and again, by one after the other.
begin loop
"$HAK" profile --seconds 1 --rate 4096 -o loop.json "$target" >said 2>&1
judge "a process that works" "$([ $? = 0 ] && [ ! -s said ] || cat said)"
judge "three allocates three times as much as one" "$($python - <<'EOF'
import json

d = json.load(open("loop.json"))
sums = {n: sum(v[1] for v, f in d["stacks"] if n in [d["functions"][i] for i in f]) for n in ("three", "one", "main")}
if not 2.5 < sums["three"] / sums["one"] < 3.5 or sums["main"] < sums["three"] + sums["one"] or d["samples"] < 500 or d["mean"] != 4096:
    print(sums, d["samples"], d["mean"])
EOF
)"
off "it is switched off again"
expect 0 '^process [0-9]+ \(profiled\), [01]\.[0-9] seconds, a sample in 1.0K$' "once more, with another rate" "$HAK" profile --seconds 0.5 --rate 1024 "$target"
expect 0 ' three$' "and as a page of text" "$HAK" profile --seconds 0.5 --rate 1024 "$target"
expect 0 'a sample in 512.0K$' "the option's rate" "$HAK" profile --seconds 0.3 "$target"
timeout -s INT 1 "$HAK" profile --seconds 60 --rate 4096 "$target" >said 2>&1
judge "interrupted: what there is so far" "$(grep -q ' three$' said || cat said)"
off "interrupted: it is switched off"
timeout -s INT 2.5 "$HAK" profile --live --interval 0.5 --rate 4096 "$target" >said 2>&1
judge "--live: a table again and again" "$([ "$(grep -c '^process ' said)" -ge 3 ] || cat said)"
off "--live: it is switched off"
timeout -s KILL 1 "$HAK" profile --seconds 1 --rate 4096 "$target" >/dev/null 2>&1 &
sleep 0.2
"$HAK" profile --seconds 0.3 "$target" >said 2>&1
judge "two at a time: the second shares the first's" "$(grep -q 'note: a difference' said && grep -q 'a sample in 4.0K' said || cat said)"
wait $!
drop

# Two that start at one moment, and one that is killed: others are served after it.
begin loop
for _ in 1 2 3 4; do
    timeout 20 "$HAK" profile --seconds 0.3 --rate 4096 "$target" >>many 2>&1 &
    asking=$!
done
wait $asking
sleep 0.5
judge "four at a time: each has an answer" "$([ "$(grep -c '^process \|^hakmem: ' many)" = 4 ] || cat many)"
expect 0 ' three$' "and there is one after them" "$HAK" profile --seconds 0.3 --rate 4096 "$target"
drop

# On from the start.
begin HAKMEM_SAMPLE=1 HAKMEM_SAMPLE_BYTES=4096 loop
sleep 0.5
expect 0 '^note: a difference' "on already: what came since" "$HAK" profile --seconds 0.5 "$target"
expect 0 '^hakmem: note: .* samples already, one in 4.0K: --rate has no effect' "on already: another rate" \
    "$HAK" profile --seconds 0 --rate 512 "$target"
expect 0 '^ .* one$' "on already: everything" "$HAK" profile --seconds 0 "$target"
judge "explain --who" "$("$HAK" explain --who "$target" >said && grep -q '^blocks in use by function, of those allocated in the last' said || cat said)"
expect 2 'for readers' "explain --who --json" "$HAK" explain --who --json "$target"
expect 0 'a sample in 4.0K' "it is left on" "$HAK" profile --seconds 0 "$target"
drop

# A library that was closed.
begin HAKMEM_SAMPLE=1 HAKMEM_SAMPLE_BYTES=512 plugin ./plugin.so
for _ in $(seq 100); do
    ! grep -q waits out || break
    sleep 0.1
done
"$HAK" profile --seconds 0 --format folded --type alloc_space "$target" >said
judge "a library that was closed: it has its name" "$(grep -q 'plugged\|plugin.so+0x' said || cat said)"
"$HAK" profile --seconds 0 -o closed.pb.gz "$target"
judge "and its build" "$(id=$(readelf -n plugin.so | sed -n 's/.*Build ID: //p') && gzip -dc closed.pb.gz | grep -qa "$id" || echo "$id")"
drop

# Code made at run time: the program says what it is called.
begin HAKMEM_SAMPLE=1 HAKMEM_SAMPLE_BYTES=4096 jit
for _ in $(seq 100); do
    ! grep -q waits out || break
    sleep 0.1
done
if [ -f "/tmp/perf-$target.map" ]; then
    "$HAK" profile --seconds 0 --format folded --type alloc_space "$target" >said
    judge "code made at run time" "$(grep -q 'jitted function;three ' said || cat said)"
    rm -f "/tmp/perf-$target.map"
else
    echo "UNSUPPORTED: code made at run time"
fi
drop

# What cannot be had.
begin sleeps
expect 3 '^hakmem: process [0-9]+ \(profiled\) has not begun to sample: it sleeps' "a process that sleeps" "$HAK" profile --seconds 0.5 "$target"
judge "one line" "$([ "$(wc -l <expect.out)" = 1 ] || cat expect.out)"
kill -STOP "$target"
expect 3 'has not begun to sample: it is stopped' "a process that is stopped" "$HAK" profile --seconds 0.5 "$target"
kill -CONT "$target"
expect 1 'is not sampling: there is nothing to read' "nothing to read" "$HAK" profile --seconds 0 "$target"
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    expect 1 '^hakmem: process [0-9]* \(profiled\) cannot be asked: Operation not permitted' "writing is refused" \
        strace -o /dev/null -e trace=process_vm_writev -e inject=process_vm_writev:error=EPERM "$HAK" profile --seconds 1 "$target"
else
    echo "UNSUPPORTED: writing is refused (strace)"
fi
drop
begin HAKMEM_TINY_SS_SHARED=0 loop
expect 1 '^hakmem: .*in passive mode: the C library has its memory' "passive mode" "$HAK" profile --seconds 1 "$target"
drop
begin HAKMEM_TINY_SLL_VALIDATE_HDR=1 loop
expect 1 '^hakmem: .*in checked mode: nothing is sampled there' "checked mode" "$HAK" profile --seconds 1 "$target"
drop
begin ends
expect 1 '^hakmem: process [0-9]+ \(profiled\) ended meanwhile' "it ends meanwhile" "$HAK" profile --seconds 20 "$target"
begin execs
expect 1 '^hakmem: process [0-9]+ .*executes another program now' "it executes another program" "$HAK" profile --seconds 20 "$target"
drop
begin loop
expect 1 '^hakmem: cannot write /dev/full' "a full device" "$HAK" profile --seconds 0.2 -o /dev/full "$target"
off "and it is switched off"
drop

# Damage: an answer, or a line, and an end.
for what in 0 1 2 3 4 5 6 7 8 9; do
    begin HAKMEM_SAMPLE=1 HAKMEM_SAMPLE_BYTES=4096 damaged $what
    for _ in $(seq 100); do
        ! grep -q waits out || break
        sleep 0.1
    done
    timeout 20 "$HAK" profile --seconds 0 "$target" >said 2>&1
    status=$?
    judge "damaged tables: $what" "$([ $status -le 1 ] && { [ $status = 0 ] || [ "$(wc -l <said)" = 1 ]; } || { echo "status $status"; cat said; })"
    drop
done
exit 0
