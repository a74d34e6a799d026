#!/bin/sh
# SPDX-License-Identifier: MIT
# facts.sh - stat and explain tell of the last failure, of options set at start and since, and of each mode.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

$CC -O1 -fno-builtin -I"$TOP/include" -o facts "$HERE/facts.c" || exit 1
if ! start out env LD_PRELOAD="$SO" HAKMEM_RETAIN_BYTES=1m HAKMEM_TRACE_FILE="$work/trace" ./facts; then
    echo "FAIL: facts"
    exit 0
fi
for command in stat explain; do
    "$HAK" $command --json "$target" >json
    judge "$command --json" "$($python - <<'END'
import json
import time

data = json.load(open("json"))
if data["options_changed"].get("HAKMEM_RETAIN_BYTES") != 1 << 20:
    print("set at start:", data["options_changed"])
if data["options_changed"].get("HAKMEM_PURGE_DELAY") != 333:
    print("set since:", data["options_changed"])
if not data["options_changed"].get("HAKMEM_TRACE_FILE", "").endswith("/trace"):
    print("a path:", data["options_changed"])
if len(data["options_changed"]) != 3:
    print("not more:", data["options_changed"])
failure = data["last_failure"]
if (failure["size"], failure["reason"], failure["call"]) != (2**62 - 1, "MapFail", "mmap") or failure["errno"] != 12:
    print("failure:", failure)
if abs(failure["time_ns"] / 1e9 - time.time()) > 100:
    print("time:", failure["time_ns"])
if data["counters"]["failures"] != 1 or data["policy"]["purge_delay_ms"] > 333:
    print("counters:", data["counters"], data["policy"])
END
)"
    "$HAK" $command "$target" >text
    judge "$command" "$(for words in 'HAKMEM_RETAIN_BYTES=1048576' 'HAKMEM_PURGE_DELAY=333' 'HAKMEM_TRACE_FILE=.*/trace' \
        'MapFail: 4611686018427387903 bytes, mmap: Cannot allocate memory' 'in pool mode'; do
        grep -q "$words" text || echo "no $words"
    done)"
done

for mode in 'passive HAKMEM_TINY_SS_SHARED=0' 'checked HAKMEM_TINY_SLL_VALIDATE_HDR=1' 'pool HAKMEM_TINY_SS_SHARED=1'; do
    name=${mode%% *}
    if start out env LD_PRELOAD="$SO" "${mode#* }" "$python" -c 'x = ["x" * n for n in range(20000)]
import time
print("ready", flush=True)
time.sleep(60)'; then
        expect 0 "in $name mode" "$name mode: explain" "$HAK" explain "$target"
        "$HAK" explain --json "$target" >json
        judge "$name mode: it adds up" "$($python "$HERE/account.py" json "$(rss_of "$target")")"
        expect 0 "in $name mode" "$name mode: stat" "$HAK" stat "$target"
        kill -KILL "$target"
    else
        echo "FAIL: $name mode"
    fi
done
exit 0
