#!/bin/sh
# SPDX-License-Identifier: MIT
# settings.sh - stat and explain show each option that the process changed, and the rows of options.def say which.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

$CC -O1 -I"$TOP/include" -o settings "$HERE/settings.c" || exit 1
if ! start out env LD_PRELOAD="$SO" ./settings; then
    echo "FAIL: settings"
    exit 0
fi
sed -n 's/^HAK_OPTION(\([A-Z0-9_]*\),.* RUNNING,.*/\1/p' "$TOP/lib/settings/options.def" | sort >rows
judge "the rows that say RUNNING can be set, no others" "$(cut -d' ' -f1 out | tr 'a-z' 'A-Z' | sort | diff rows - 2>&1)"
for command in stat explain; do
    "$HAK" $command --json "$target" >json
    judge "$command --json" "$($python - <<'PYTHON'
import json

shown = json.load(open("json"))["options_changed"]
wanted = {"HAKMEM_" + line.split()[0].upper(): int(line.split()[1]) for line in open("out")}
if shown != wanted or len(wanted) < 5:
    print(shown, "is not", wanted)
PYTHON
)"
    "$HAK" $command "$target" >text
    judge "$command" "$(while read -r name value; do
        grep -qx "  HAKMEM_$(echo "$name" | tr 'a-z' 'A-Z')=$value" text || echo "no $name=$value"
    done <out)"
done
exit 0
