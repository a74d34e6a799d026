#!/bin/sh
# SPDX-License-Identifier: MIT
# every.sh - stat and explain tell every row of lib/insight/statistics.def, and what the library itself says of it.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

$CC -O1 -fno-builtin -D_GNU_SOURCE -DHAK_LINKED -I"$TOP/tests/lib" -I"$TOP/include" -o every "$TOP/tests/hakmem.stats/every.c" \
    "$SO" -Wl,-rpath,"$LIBS" || exit 1
if ! start every.out ./every wait; then
    echo "UNSUPPORTED: every statistic"
    exit 0
fi
rows=$(sed -n 's/^HAK_STATISTIC(\([a-z_]*\), [A-Z]*, [A-Z]*, \([A-Z]*\),.*/\1=\2/p' "$TOP/lib/insight/statistics.def")
for command in stat explain; do
    "$HAK" $command --json "$target" >json
    judge "$command --json tells every statistic" "$($python - $command $rows <<'END'
import json
import sys

data = json.load(open("json"))
have = {**data["counters"], **data["heap"]}
rows = [row.split("=") for row in sys.argv[2:]]
own = dict(line.strip().split("=") for line in open("every.out"))
if len(rows) < 30:
    print(len(rows), "rows")
for name, look in rows:
    # What may be 0 must be told: pressure.sh, sleepers.c and helper.sh count these.
    may_be_none = name.startswith(("pressure_", "sleeper", "helper")) and have.get(name) == 0
    if (look == "COUNTED" or sys.argv[1] == "explain") and not have.get(name) and not may_be_none:
        print(name, "is", have.get(name))
    if look == "COUNTED" and have.get(name) != int(own[name]):
        print(name, "is", have.get(name), "and the library says", own[name])
END
)"
done
judge "states of slabs are what the statistics say" "$(python - <<'END'
import json

heap = json.load(open("json"))["heap"]
slabs = {name: n << 16 for name, n in heap["slabs"].items()}
for what, have, want in (("active", slabs["active"], heap["slab_bytes"] - heap["empty_bytes"]),
                         ("empty", slabs["empty"] + slabs["purge"], heap["empty_bytes"]),
                         ("span", slabs["span"], heap["span_bytes"] + heap["shelved_bytes"])):
    if have != want or not have:
        print(what, have, "and the statistics say", want)
END
)"
exit 0
