#!/bin/sh
# SPDX-License-Identifier: MIT
# damaged.sh - a process whose structures are ruined is read to an end, and nothing is made up.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

$CC -O1 -fno-builtin -D_GNU_SOURCE -I"$TOP/lib" -I"$TOP/tests/lib" -I"$TOP/include" -o damage "$HERE/damage.c" -ldl || exit 1
for what in nothing cache-circle cache-wild cache-noise large-circle large-size chunk-circle chunk-wild region-wild \
    root-wild slabs slots counts; do
    for wild in 0x7ffffffffff8 0xdeadbeefdeadbeef 0x10000 0x555555555000; do
        if ! start damage.out env LD_PRELOAD="$SO" ./damage $what $wild; then
            echo "FAIL: $what"
            break
        fi
        timeout 10 "$HAK" explain --json "$target" >explain.json 2>explain.err
        status=$?
        kill -KILL "$target"
        rss=0
        words=
        [ $status -eq 0 ] || words="status $status: $(cat explain.err)"
        [ $status -ne 0 ] || words=$($python - explain.json $what <<'END'
import json
import sys

data = json.load(open(sys.argv[1]))
skipped = data["heap"]["structures_skipped"]
if (sys.argv[2] in ("nothing", "slots", "large-size", "cache-noise", "counts", "large-circle")) < (skipped == 0):
    print("nothing was noticed")
if sys.argv[2] == "nothing" and skipped:
    print("skipped", skipped)
for name, value in list(data["parts"].items()) + list(data["heap"].items()):
    if isinstance(value, int) and not 0 <= value < 1 << 50:
        print(name, value)
if sum(data["parts"].values()) > 2 * data["resident_bytes"]:
    print("accounted", data["accounted_bytes"], "of", data["resident_bytes"])
END
)
        judge "$what, $wild" "$words"
        [ $what != nothing ] || break
    done
done
exit 0
