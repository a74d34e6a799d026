#!/bin/sh
# SPDX-License-Identifier: MIT
# helper.sh - stat and explain tell what the helper did and what comes next, or why there is none.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

build() # build NAME [FLAG...]
{
    name=$1
    shift
    $CC -O1 -fno-builtin -D_GNU_SOURCE -I"$TOP/lib" -I"$TOP/tests/lib" -I"$TOP/include" "$@" -o "$name" "$HERE/bursts.c" -ldl || exit 1
}

# is WHAT EXPRESSION: of the JSON that stat and explain have of the target: h the helper, c the counters.
is()
{
    for command in stat explain; do
        "$HAK" $command --json "$target" >json
        judge "$command: $1" "$($python - "$2" <<'END'
import json, sys
d = json.load(open("json"))
h, c, s = d["helper"], d["counters"], d["heap"]
if not eval(sys.argv[1]):
    print(h)
END
)"
    done
}

says() # says WHAT RE: both, in words
{
    for command in stat explain; do
        expect 0 "$2" "$command: $1" "$HAK" $command "$target"
    done
}

build bursts
if ! start out env LD_PRELOAD="$SO" ./bursts; then
    echo "FAIL: bursts"
    exit 0
fi
state=$("$HAK" stat --json "$target" | $python -c 'import json, sys; print(json.load(sys.stdin)["helper"]["state"])')
if [ "$state" = never ]; then # by what this machine is: the rest is of its own doing
    echo "UNSUPPORTED: a helper without a request: $("$HAK" stat "$target" | grep '  none: ')"
    start out env LD_PRELOAD="$SO" HAKMEM_ACE_THREAD=1 ./bursts || exit 1
fi
is "it gave something back" 'h["starts"] >= 1 and h["returned_bytes"] > 1000000 and 0 <= h["acted_ms_ago"]'
is "these are the statistics" '(h["starts"], h["returned_bytes"], h["caches_taken"], h["cache_bytes"]) ==
    (c["helper_starts"], c["helper_bytes"], c["sleepers"], c["sleeper_bytes"]) and h["returned_bytes"] <= c["purged_bytes"]'
is "what comes next" 'h["ends_in_ms"] <= 10000 and h["looks_in_ms"] <= 150 and s["helpers"] == 1 if h["state"] in ("idle", "active")
    else h["state"] in ("ended", "ending") and h["looks_in_ms"] is None and h["ends_in_ms"] is None'
says "how much" '^  gave back to the system +[0-9.]+M$'
says "when" '^  gave something back, time ago +[0-9]+\.[0-9] s$'
says "what comes next, in words" '^  (looks again within [0-9]+ ms, ends in [0-9]+\.[0-9] s if nothing happens|starts with the next slow path)'
for _ in $(seq 300); do
    "$HAK" stat "$target" >text
    ! grep -qE '^  state +ended$' text || break
    sleep 0.1
done
is "it has ended" 'h["state"] == "ended" and h["against"] is None and h["looks_in_ms"] is None and h["ends_in_ms"] is None and s["helpers"] == 0'
says "how the next one comes" '^  starts with the next slow path'

start out env LD_PRELOAD="$SO" HAKMEM_ACE_THREAD=0 ./bursts now || exit 1
is "forbidden" 'h["state"] == "never" and h["against"] == "option" and h["starts"] == h["returned_bytes"] == 0 and h["acted_ms_ago"] is None'
says "forbidden, in words" '^  none: HAKMEM_ACE_THREAD=0 forbids it$'
start out env LD_PRELOAD="$SO" HAKMEM_ENABLED=0 ./bursts now || exit 1
says "passive mode" '^  none in passive mode$'
start out env LD_PRELOAD="$SO" ./bursts now || exit 1
is "none yet" 'h["state"] == "none" and h["starts"] == 0 and h["against"] is None'
says "none yet, in words" '^  starts with the next slow path that finds some megabytes free$'
start out env LD_PRELOAD="$SO" HAKMEM_ACE_THREAD=1 ./bursts now || exit 1
says "none yet, and asked for" '^  starts with the next slow path$'

build imports '-DIMPORT=prctl(0)'
start out env LD_PRELOAD="$SO" ./imports || exit 1
is "what the program uses" 'h["state"] == "never" and h["against"] == "import" and h["imports"] == "prctl" and s["helpers"] == 0'
says "what the program uses, in words" '^  none: the program, or a library, uses prctl$'
exit 0
