#!/bin/sh
# SPDX-License-Identifier: MIT
# explain.sh - the hakmem command counts guarded blocks and accounts for their pages.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

cat >holds.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
    for (int i = 0; i < 300; i++)
        memset(malloc(1000), 1, 1000);
    if (write(1, "ready\n", 6) != 6)
        return 1;
    for (;;)
        pause();
}
END
$CC -O1 -fno-builtin -o holds holds.c || exit 1
if ! start out env LD_PRELOAD="$SO" HAKMEM_GUARD_BYTES=1 ./holds; then
    echo "FAIL: holds"
    exit 0
fi
"$HAK" explain --json "$target" >json
judge "blocks and pages" "$($python - <<'END'
import json

data = json.load(open("json"))
heap, parts = data["heap"], data["parts"]
if not 300 <= heap["live_blocks"] < 310 or heap["live_bytes"] < 300 * 1000:
    print("blocks:", heap)
if abs(data["accounted_bytes"] - data["resident_bytes"]) > 65536:
    print("accounted for:", data["accounted_bytes"], "resident:", data["resident_bytes"])
if parts["fragmentation"] < 100 * 3000 or parts["live"] < 300 * 1000:
    print("parts:", parts)
if heap["mapped_bytes"] - heap["metadata_bytes"] < 257 * 4096:
    print("mapped:", heap)
END
)"
exit 0
