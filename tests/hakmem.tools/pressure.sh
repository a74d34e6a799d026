#!/bin/sh
# SPDX-License-Identifier: MIT
# pressure.sh - a process with the helper, in a mount namespace with files of groups of its own: what those say,
# hakmem stat tells.
set -u
if [ "${1-}" != inside ]; then
    if [ "$(id -u)" != 0 ] || ! unshare -m mount -t tmpfs none /sys/fs/cgroup 2>/dev/null; then
        echo "UNSUPPORTED: pressure: no mount namespace, or no /sys/fs/cgroup"
        exit 0
    fi
    exec unshare -m sh "$0" inside
fi
. "$TOP/tests/hakmem.tools/common.sh"
need_python

mount -t tmpfs none /sys/fs/cgroup || exit 1
path=$(sed -n 's/^0:://p' /proc/self/cgroup)
memory=$(awk -F: '("," $2 ",") ~ /,memory,/ { print $3; exit }' /proc/self/cgroup)
case $path in
    '') echo "UNSUPPORTED: pressure: no unified tree"; exit 0 ;;
    /..* | /) path= ;;
esac
group=/sys/fs/cgroup$path
limit=$group/memory.high
[ -z "$memory" ] || limit=/sys/fs/cgroup/memory$memory/memory.limit_in_bytes
mkdir -p "$group" "${limit%/*}"
echo max >"$limit"

some=0 full=0
waited() # waited SOME FULL: so many microseconds more
{
    some=$((some + $1)) full=$((full + $2))
    printf 'some avg10=0.00 avg60=0.00 avg300=0.00 total=%d\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=%d\n' \
        $some $full >"$group/memory.pressure"
}

# becomes WHAT EXPRESSION SOME FULL: within some time, while so much is waited for between the looks.
becomes()
{
    what=$1 expression=$2 more_some=$3 more_full=$4 left=150
    while [ $left -gt 0 ]; do
        waited "$more_some" "$more_full"
        "$HAK" stat --json "$target" >json 2>&1
        if $python -c 'import json, sys
d = json.load(open("json"))
c, h, p = d["counters"], d["heap"], d["policy"]
sys.exit(not eval(sys.argv[1]))' "$expression" 2>/dev/null; then
            echo "PASS: $what"
            return
        fi
        sleep 0.1
        left=$((left - 1))
    done
    echo "FAIL: $what"
    cat json
}

$CC -O1 -fno-builtin -o comes-and-goes "$HERE/comes-and-goes.c" || exit 1
waited 1000 1000
start out env LD_PRELOAD="$SO" HAKMEM_ACE_THREAD=1 HAKMEM_RETAIN_BYTES=64m ./comes-and-goes || exit 1
becomes "at first there is none" 'p["pressure"] == 0 and c["pressure_some"] == c["pressure_full"] == 0' 0 0
becomes "some wait for memory: what is kept goes" \
    'p["pressure"] == 1 and c["pressure_some"] >= 1 and c["pressure_bytes"] >= 1000000 and c["pressure_full"] == 0' 200000 0
becomes "all wait for memory" 'p["pressure"] == 2 and c["pressure_full"] >= 1' 200000 200000
for _ in $(seq 150); do # that lasts two seconds
    waited 200000 200000
    "$HAK" stat "$target" >text
    ! grep -q 'nothing to keep' text || break
    sleep 0.1
done
judge "hakmem stat says so" "$(grep -q 'nothing to keep: all wait for memory' text || cat text)"
becomes "and none any more" 'p["pressure"] == 0' 0 0
echo 100000000 >"$limit"
becomes "the limit of the group is the soft limit" 'h["soft_limit_bytes"] == p["soft_limit_bytes"] == 100000000' 0 0
echo max >"$limit"
becomes "until there is none" 'h["soft_limit_bytes"] == p["soft_limit_bytes"] == 0' 0 0
exit 0
