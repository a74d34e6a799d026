#!/bin/sh
# SPDX-License-Identifier: MIT
# explain.sh - hakmem explain accounts for the resident bytes of real programs, read while they run.
#
# The targets are stopped only where their numbers are compared with what the kernel says at that time.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

# account WHAT PID [ARGUMENT...]: running, then stopped.
account()
{
    what=$1 pid=$2
    shift 2
    "$HAK" explain --json "$pid" >running.json
    result $? "$what: explain while it runs"
    judge "$what: it adds up while it runs" "$($python "$HERE/account.py" running.json 0 2>&1)"
    kill -STOP "$pid"
    sleep 0.1
    before=$(cut -d' ' -f3,10 "/proc/$pid/stat") rss=$(rss_of "$pid")
    "$HAK" explain --json "$pid" >stopped.json
    judge "$what: within 2 % of smaps_rollup" "$($python "$HERE/account.py" stopped.json "$rss" "$@" 2>&1)"
    "$HAK" explain "$pid" >text
    judge "$what: the text is not wider than 80 columns" "$(awk 'length > 80' text)"
    judge "$what: the text has its parts" "$(for words in 'blocks in use' 'accounted for' 'size classes by' superslabs; do
        grep -q "$words" text || echo "no $words"
    done)"
    "$HAK" stat --classes "$pid" >text
    judge "$what: stat" "$(awk 'length > 80' text; grep -q 'blocks out of thread caches' text || echo nothing)"
    "$HAK" stat --json --classes "$pid" | $python -m json.tool >/dev/null
    result $? "$what: stat --json"
    after=$(cut -d' ' -f3,10 "/proc/$pid/stat")
    judge "$what: it was not disturbed" "$([ "$before" = "$after" ] || echo "state and faults: $before, then $after")"
    judge "$what: no page was made" "$([ "$(rss_of "$pid")" = "$rss" ] || echo "$rss, then $(rss_of "$pid")")"
    kill -CONT "$pid"
}

# --- A program whose memory is known --------------------------------------------------------------
$CC -O1 -fno-builtin -I"$TOP/include" -o holder "$HERE/holder.c" -pthread || exit 1
if start holder.out env LD_PRELOAD="$SO" HAKMEM_PURGE_DELAY=250 ./holder; then
    account holder "$target" holder "$(cat holder.out)"
    "$HAK" explain "$target" >text
    judge "options that were changed are named" "$(grep -q 'HAKMEM_PURGE_DELAY=250' text || cat text)"
else
    echo "FAIL: holder"
fi

# Linked statically, at a fixed address and not; and a library that was replaced on disk.
for how in '' -pie; do
    what="static program${how:+, position independent}"
    if ! $CC -O1 -fno-builtin ${how:+-static-pie -fPIE} ${how:--static} -I"$TOP/include" -o static "$HERE/holder.c" -Wl,-u,malloc \
        "$LIBS/libhakmem.a" -pthread 2>cc.log; then
        echo "UNSUPPORTED: $what"
    elif start static.out ./static; then
        account "$what" "$target"
        expect 0 'linked into' "$what: check" "$HAK" check "$target"
    else
        echo "FAIL: $what"
    fi
    rm -f static
done
mkdir lib && cp "$SO" lib/libhakmem.so.1
if start deleted.out env LD_PRELOAD="$work/lib/libhakmem.so.1" ./holder; then
    rm lib/libhakmem.so.1
    account "deleted library" "$target" holder "$(cat deleted.out)"
    judge "deleted library: it says so" "$(grep '"library_deleted": true' stopped.json >/dev/null || cat stopped.json)"
    echo 'not a library' >lib/libhakmem.so.1
    account "replaced library" "$target" holder "$(cat deleted.out)"
    expect 0 'note.*replaced or deleted' "replaced library: check" "$HAK" check "$target"
else
    echo "FAIL: deleted library"
fi

# --- python3 --------------------------------------------------------------------------------------
cat >load.py <<'END'
import time
kept = {}
began = time.time()
n = 0
while True:
    n += 1
    kept[n % 60000] = ("x" * (n % 900), [n] * (n % 7), {"n": n})
    if n == 60000:
        print("loaded", flush=True)
    if n % 5000 == 0:
        big = bytearray(n % 4000000)
        time.sleep(0.01)
END
for malloc in malloc pymalloc; do
    if start python.out env LD_PRELOAD="$SO" PYTHONMALLOC=$malloc "$python" load.py; then
        account "python3 $malloc" "$target"
        kill -KILL "$target"
    else
        echo "FAIL: python3 $malloc"
    fi
done

# --- redis-server ---------------------------------------------------------------------------------
if ! command -v redis-server >/dev/null || ! command -v redis-benchmark >/dev/null; then
    echo "UNSUPPORTED: redis-server is missing"
    exit 0
fi
for try in 1 2 3 4 5; do
    port=$((20000 + ($$ * 7 + try * 131) % 20000))
    LD_PRELOAD=$SO redis-server --bind 127.0.0.1 --port $port --save '' --appendonly no --dir "$work" --daemonize no \
        >redis.log 2>&1 </dev/null &
    target=$!
    pids="$pids $target"
    for _ in $(seq 50); do
        kill -0 "$target" 2>/dev/null || break
        [ "$(redis-cli -p $port info server 2>/dev/null | sed -n 's/^process_id:\([0-9]*\).*/\1/p')" != "$target" ] || break 2
        sleep 0.1
    done
    kill -KILL "$target" 2>/dev/null
    target=
done
if [ -z "$target" ]; then
    echo "FAIL: redis-server"
    cat redis.log
    exit 0
fi
redis-benchmark -h 127.0.0.1 -p $port -n 400000 -c 20 -r 50000 -d 300 -P 8 -q -t set,lpush,sadd,hset,zadd,mset \
    >benchmark.out 2>&1 </dev/null &
load=$!
pids="$pids $load"
sleep 1
account "redis-server under load" "$target"
sleep 1
account "redis-server under more load" "$target"
judge "the load went on meanwhile" "$(kill -0 $load 2>/dev/null || [ -s benchmark.out ] || echo "no benchmark")"
kill -KILL $load 2>/dev/null
[ "$(redis-cli -p $port ping)" = PONG ]
result $? "redis-server answers"
exit 0
