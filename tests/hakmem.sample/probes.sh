#!/bin/sh
# SPDX-License-Identifier: MIT
# probes.sh - the library has the probes otel_memory:alloc(ptr, size, weight) and free(ptr), each with its semaphore.
set -u
. "$TOP/tests/lib/judge.sh"

if ! grep -q '^#define HAVE_SYS_SDT_H 1' "$BUILD/lib/config.h"; then
    echo "UNSUPPORTED: probes: <sys/sdt.h> was missing when the library was built"
    exit 0
fi
readelf -nW "$SO" >notes
for probe in alloc free; do
    judge "the probe $probe is in the notes" "$(awk -v name=$probe '
        /Provider:/ { ours = /Provider: otel_memory$/ }
        $1 == "Name:" { here = ours && $2 == name }
        here && /Semaphore: 0x0*[1-9a-f]/ { found = 1 }
        END { if (!found) print "no probe with a semaphore" }' notes)"
done
judge "alloc has three arguments" "$(awk '$1 == "Name:" { here = $2 == "alloc" }
    here && $1 == "Arguments:" { n = NF - 1 } END { if (n != 3) print n " arguments" }' notes)"
judge "free has one" "$(awk '$1 == "Name:" { here = $2 == "free" }
    here && $1 == "Arguments:" { n = NF - 1 } END { if (n != 1) print n " arguments" }' notes)"
exit 0
