#!/bin/sh
# SPDX-License-Identifier: MIT
# options.sh - hakmem options says what lib/settings/options.def says, and what the environment and a file change.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

cat >rows.c <<'END'
#include <stdio.h>
int main(void)
{
#define HAK_OPTION(id, type, def, min, max, group, when, since, line, ...) \
    printf("HAKMEM_" #id "\t" #type "\t%llu\t%llu\t%llu\t%s\t" #group "\t" #when "\n", 0ull + def, 0ull + min, 0ull + max, line);
#include "settings/options.def"
    return 0;
}
END
$CC -I"$TOP/lib" -o rows rows.c && ./rows >rows.txt || exit 1
"$HAK" options --json >options.json
result $? "options --json"
cat >compare.py <<'END'
import json
import sys

mine = json.load(open("options.json"))["options"]
rows = [line.rstrip("\n").split("\t") for line in open("rows.txt")]
if [o["name"] for o in mine] != [r[0] for r in rows]:
    print("names:", [o["name"] for o in mine])
for o, (name, kind, default, low, high, line, group, when) in zip(mine, rows):
    want = {"name": name, "type": kind.lower(), "min": int(low), "max": int(high), "description": line,
            "default": None if kind == "PATH" else int(default), "source": "default", "group": group,
            "set_until": when.lower()}
    want["value"] = want["default"]
    if o != want:
        print(o, "is not", want)
END
judge "options --json equals options.def" "$($python compare.py 2>&1)"
judge "that is a real comparison" "$(sed -i 's/PURGE_DELAY/PURGE_DELAI/' rows.txt
    [ -n "$($python compare.py 2>&1)" ] || echo "it says nothing")"

"$HAK" options >text
judge "the table has every option" "$(cut -f1 rows.txt | sed 's/DELAI/DELAY/' | while read -r name; do
    grep -q "^$name " text || echo "$name"
done)"
judge "and its line" "$(cut -f6 rows.txt | while read -r line; do
    grep -qxF "    $line" text || echo "$line"
done)"
judge "each below the heading of its group" "$(cut -f1,7 rows.txt | sed 's/DELAI/DELAY/' | while read -r name group; do
    awk -v name="$name" -v group="$group:" '$1 ~ /^[A-Z]+:$/ { at = $1 } $1 == name { found = at }
        END { if (found != group) print name " below " found }' text
done)"
judge "no line is wider than 80 columns" "$(awk 'length > 80' text)"

HAKMEM_PURGE_DELAY=77 HAKMEM_CACHE_BYTES=16k "$HAK" options >text
judge "the environment" "$(grep -q 'HAKMEM_PURGE_DELAY  *77  *500 .*environment$' text &&
    grep -q 'HAKMEM_CACHE_BYTES  *16k  *64k .*environment$' text || cat text)"
expect 2 'unexpected' "too many words" "$HAK" options more
expect 2 'hakmem help options' "unknown flag" "$HAK" options --nosuch
for form in '' --json; do
    # shellcheck disable=SC2086
    expect 1 "^hakmem: options: $work/absent cannot be read: No such file" "--conf $form, a file that is not there" \
        "$HAK" options $form --conf "$work/absent"
    judge "and nothing else" "$([ "$(wc -l <expect.out)" = 1 ] || cat expect.out)"
done
expect 1 "^hakmem: options: $work/text/x cannot be read: Not a directory" "--conf, below a file" "$HAK" options --conf "$work/text/x"

if [ "$(id -u)" -ne 0 ]; then
    echo "UNSUPPORTED: hakmem.conf (needs root)"
    exit 0
fi
cat >hakmem.conf <<'END'
# for all
purge_delay = 250

[program:redis-server]
cache_bytes = 128k
END
chmod 644 hakmem.conf
conf=$work/hakmem.conf
expect 0 "HAKMEM_PURGE_DELAY +250 " "a file" "$HAK" options --conf "$conf"
judge "with the line" "$(grep -qF "from $conf:2" expect.out || cat expect.out)"
judge "other programs do not get a section" "$(grep -q 'HAKMEM_CACHE_BYTES  *64k ' expect.out || cat expect.out)"
expect 0 "HAKMEM_CACHE_BYTES +128k " "--program" "$HAK" options --conf "$conf" --program redis-server
"$HAK" options --conf "$conf" --program /usr/bin/redis-server --json >options.json
judge "--program with a path, --json" "$($python - "$conf" <<'END'
import json
import sys

row = [o for o in json.load(open("options.json"))["options"] if o["name"] == "HAKMEM_CACHE_BYTES"][0]
if (row["value"], row["source"]) != (131072, sys.argv[1] + ":5"):
    print(row)
END
)"
exit 0
