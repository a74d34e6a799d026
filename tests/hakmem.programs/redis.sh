# SPDX-License-Identifier: MIT
# redis.sh - a server on loopback, filled, measured, saved, reloaded and stopped (test).
#
# Prints what must be the same every time. The pid of the server goes to server.pid.
set -eu
server=
stop() {
    status=$?
    if [ -n "$server" ]; then
        kill -KILL "$server" 2>/dev/null || :
        wait "$server" 2>/dev/null || :
    fi
    exit "$status"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

# A port that is free: the server ends at once on one that is not.
start() {
    redis-server --bind 127.0.0.1 --port "$1" --save '' --appendonly no --dir "$PWD" --daemonize no \
        --enable-debug-command local --activerehashing no --hz 50 >server.log 2>&1 &
    server=$!
    for _ in $(seq 100); do
        kill -0 "$server" 2>/dev/null || break
        if [ "$(redis-cli -p "$1" info server 2>/dev/null | sed -n 's/^process_id:\([0-9]*\).*/\1/p')" = "$server" ]; then
            return 0
        fi
        sleep 0.1
    done
    kill -KILL "$server" 2>/dev/null || :
    wait "$server" 2>/dev/null || :
    server=
    return 1
}

port=$((20000 + $$ % 20000))
tries=0
until start "$port"; do
    tries=$((tries + 1))
    port=$((port + 7))
    if [ "$tries" -ge 10 ]; then
        cat server.log >&2
        exit 1
    fi
done
echo "$server" >server.pid
cli() {
    redis-cli -p "$port" "$@"
}

awk 'BEGIN { for (i = 0; i < 40000; i++) {
    print "SET key:" i " " sprintf("%0" (i * 37 % 900 + 1) "d", i)
    print "HSET hash:" i % 500 " field" i " value" i * i
    print "RPUSH list:" i % 300 " element" i
    print "ZADD scores:" i % 50 " " i * 7919 % 10007 " member" i
    print "SADD set:" i % 100 " " i % 1000
    if (i % 3 == 0) print "DEL key:" i - 300
    if (i % 5 == 0) print "APPEND key:" i " tail"
} }' >commands
cli <commands | cksum
cli dbsize
cli debug digest
cli debug reload
cli debug digest
cli bgsave
while [ "$(cli info persistence | sed -n 's/^rdb_bgsave_in_progress:\([01]\).*/\1/p')" = 1 ]; do
    sleep 0.1
done
cli info persistence | grep -a '^rdb_last_bgsave_status' | tr -d '\r'
cli eval 'local t = {} for i = 1, 20000 do t[i] = string.rep("x", i % 50) end return #table.concat(t)' 0

redis-benchmark -h 127.0.0.1 -p "$port" -n 20000 -c 20 -r 10000 -d 200 -P 8 --threads 2 -q \
    -t set,get,incr,lpush,lpop,sadd,hset,zadd,mset,lrange_100 >benchmark.out
echo "benchmark ran: $(tr '\r' '\n' <benchmark.out | grep -c 'requests per second')"
test "$(cli info stats | sed -n 's/^total_commands_processed:\([0-9]*\).*/\1/p')" -gt 200000
echo "ping $(cli ping)"
cli flushall
cli dbsize
cli shutdown nosave
wait "$server"
server=
grep -a -i -E 'crash|assert|stack trace' server.log >&2 || :
