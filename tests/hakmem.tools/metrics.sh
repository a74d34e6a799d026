#!/bin/sh
# SPDX-License-Identifier: MIT
# metrics.sh - hakmem metrics: figures of all processes, into a pipe, a file and by HTTP, as those who read them want.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

cat >waits.c <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    size_t size = strtoul(argv[argc - 1], NULL, 10);
    void *volatile p = memset(malloc(size), 1, size);
    for (int i = 0; i < 1000; i++)
        free(malloc(100));
    (void)!write(1, "ready\n", 6);
    for (;;)
        p ? pause() : 0;
}
END
$CC -O1 -fno-builtin -o 'an"odd\name' waits.c || exit 1
start out env LD_PRELOAD="$SO" './an"odd\name' 1000000 || exit 1
one=$target
start out env LD_PRELOAD="$SO" './an"odd\name' 30000000 || exit 1
two=$target
rows=$(sed -n 's/^HAK_STATISTIC(\([a-z_]*\), \([A-Z]*\),.*/\1=\2/p' "$TOP/lib/insight/statistics.def")

"$HAK" metrics >pid
result $? "into a pipe"
"$HAK" metrics --by unit >unit
result $? "--by unit"
"$HAK" metrics --by program --output program.prom >out 2>&1
result $? "--by program --output"
judge "nothing is said" "$(cat out)"
judge "what there is for each process" "$($python "$HERE/exposition.py" pid pid,program,unit $rows)"
judge "what there is for each unit" "$($python "$HERE/exposition.py" unit unit $rows)"
judge "what there is for each program" "$($python "$HERE/exposition.py" program.prom program $rows)"

# Figures are those of stat, sums are sums.
odd='an\\"odd\\\\name'
for pid in $one $two; do
    "$HAK" stat --json "$pid" >json
    judge "figures of a process are those of stat" "$($python - $pid <<'END'
import json
import re
import sys

data = json.load(open("json"))
lines = open("pid").read()
for name, value in {**data["counters"], **data["heap"]}.items():
    mine = re.search(r'^hakmem_%s(?:_total)?\{pid="%s",.*\} (\d+)$' % (name, sys.argv[1]), lines, re.M)
    if mine and int(mine.group(1)) != value:
        print(name, mine.group(1), "and stat says", value)
if not re.search(r'^hakmem_live_bytes\{pid="%s",program="an\\"odd\\\\name",unit=".*"\} [0-9]{7}' % sys.argv[1], lines, re.M):
    print("no live_bytes, or the name is not as it shall be")
if not re.search(r'^hakmem_library_info\{pid="%s",.*,version="%s",mode="pool"\} 1$' % (sys.argv[1], data["version"]), lines, re.M):
    print("no library_info")
END
)"
done
judge "sums of a program" "$($python - <<'END'
import re

mine = re.compile(r'^(hakmem_\w+)\{.*program="an\\"odd\\\\name".*\} (\d+)$', re.M)
sums = {}
for name, value in mine.findall(open("pid").read()):
    sums[name] = sums.get(name, 0) + int(value)
del sums["hakmem_library_info"]
if sums != {name: int(value) for name, value in mine.findall(open("program.prom").read())} or len(sums) < 40 or sums["hakmem_processes"] != 2:
    print(sums)
END
)"
judge "what lies in memory is looked at" "$(awk -v pid=$two '
    index($0, "hakmem_resident_live_bytes{pid=\"" pid "\"") == 1 && $NF > 29000000 { found = 1 } END { if (!found) print "no" }' pid)"
judge "how many are missing" "$(for reason in mappings memory release; do
    grep -qE "^hakmem_unreadable_processes\{reason=\"$reason\"\} [0-9]+$" pid || echo "$reason"
done)"

# By parsers of others.
$python "$HERE/parsers.py" pid >words 2>&1
case $? in
77) echo "UNSUPPORTED: python3-prometheus-client is missing" ;;
*)
    for file in pid unit program.prom; do
        judge "two parsers read the same: $file" "$($python "$HERE/parsers.py" $file 2>&1)"
    done
    ;;
esac
if command -v promtool >/dev/null; then
    for file in pid unit program.prom; do
        # 3: it was read, and something is not as it likes it: help is missing where OpenMetrics has it elsewhere.
        promtool check metrics <$file >words 2>&1
        status=$?
        judge "promtool reads it: $file" "$([ $status = 0 ] || [ $status = 3 ] || cat words; grep -v '_total no help text$' words)"
    done
else
    echo "UNSUPPORTED: promtool is missing (Debian: prometheus)"
fi

# Units, by lists of control groups that are not the kernel's.
unit_of() # unit_of WANTED TEXT: of a process whose list of control groups is TEXT
{
    printf "$2" >cgroup
    unshare -m sh -c "mount --bind cgroup /proc/$one/cgroup && \"\$0\" metrics" "$HAK" >list
    judge "a unit: ${1:-none}" "$(grep -qF "hakmem_processes{pid=\"$one\",program=\"$odd\",unit=\"$1\"} 1" list || grep "hakmem_processes{pid=\"$one\"" list)"
}
odd='an\"odd\\name'
: >cgroup
if unshare -m sh -c "mount --bind cgroup /proc/$one/cgroup" 2>/dev/null; then
    unit_of 'redis.service' '0::/system.slice/redis.service\n'
    unit_of 'redis@a.service' '0::/system.slice/system-redis.slice/redis@a.service/workers/1\n'
    unit_of 'app.service' '0::/user.slice/user-1000.slice/user@1000.service/app.slice/app.service\n'
    unit_of 'session-3.scope' '12:cpu:/a.service\n1:name=systemd:/user.slice/user-0.slice/session-3.scope\n0::/\n'
    unit_of 'dev-disk\\x2da.mount' '0::/system.slice/dev-disk\\x2da.mount\n'
    unit_of 'a\"b.service' '0::/_a"b.service\n'
    unit_of 'a?b.service' '0::/a\001b.service\n'
    unit_of 'old.service' '0::/system.slice/old.service (deleted)\n'
    unit_of '' '0::/\n'
    unit_of '' '0::/init/.service\n'
    unit_of '' 'nothing of the kind\n4:memory:/x.service\n'
    unit_of '' ''
else
    echo "UNSUPPORTED: units (a mount namespace)"
fi

# Files.
judge "mode of the file" "$(stat -c %a program.prom | grep -vx 644)"
(umask 077 && "$HAK" metrics --output private.prom)
judge "whatever the umask" "$(stat -c %a private.prom | grep -vx 644)"
echo old >whole.prom
"$HAK" metrics --output whole.prom
judge "an old file is replaced" "$(tail -n 1 whole.prom | grep -vx '# EOF'; grep -x old whole.prom)"
judge "nothing else is left behind" "$(ls | grep -E 'prom\.')"
mkdir dir.prom && mkfifo pipe.prom
expect 1 '^hakmem: metrics: dir.prom is not a regular file$' "a directory" "$HAK" metrics --output dir.prom
expect 1 '^hakmem: metrics: pipe.prom is not a regular file$' "a pipe" "$HAK" metrics --output pipe.prom
ln -s whole.prom link.prom && ln -s nosuch.prom hanging.prom
expect 1 '^hakmem: metrics: link.prom is a symbolic link, which is not followed' "a link" "$HAK" metrics --output link.prom
expect 1 '^hakmem: metrics: hanging.prom is a symbolic link, which is not followed' "a link to nothing" "$HAK" metrics --output hanging.prom
judge "both are still links, and nothing was written" "$([ -h link.prom ] && [ -h hanging.prom ] && [ ! -e nosuch.prom ] || ls -l)"
expect 2 "^hakmem: metrics: --output wants the name of a file, not ''" "no name" "$HAK" metrics --output ''
judge "and no other file was made" "$(find . -maxdepth 1 -name '.??????')"
expect 1 '^hakmem: metrics: cannot write nosuch/x.prom: No such file or directory$' "no such directory" "$HAK" metrics --output nosuch/x.prom
judge "and the pipe is still one" "$([ -p pipe.prom ] || echo gone)"
if [ -w /dev/full ]; then
    expect 1 '^hakmem: cannot write' "a full disk" sh -c '"$0" metrics >/dev/full' "$HAK"
fi
if (ulimit -f 1 && trap '' XFSZ && "$HAK" metrics --output whole.prom) 2>err; then
    echo "FAIL: a file that does not fit"
else
    judge "a file that does not fit: the old one stays, and nothing else" "$(
        grep -v 'cannot write whole.prom: File too large' err
        tail -n 1 whole.prom | grep -vx '# EOF'
        ls | grep -E 'prom\.'
    )"
fi

# By HTTP.
expect 2 'serves 127.0.0.1 and \[::1\] only' "every address of the machine" "$HAK" metrics --listen 0.0.0.0:0
expect 2 'serves 127.0.0.1 and \[::1\] only' "a name" "$HAK" metrics --listen localhost:0
expect 2 'serves 127.0.0.1 and \[::1\] only' "no address" "$HAK" metrics --listen :0
expect 2 'wants \[ADDRESS:\]PORT' "no port" "$HAK" metrics --listen 127.0.0.1
expect 2 'wants \[ADDRESS:\]PORT' "too large a port" "$HAK" metrics --listen 70000
expect 2 'wants \[ADDRESS:\]PORT' "half a port" "$HAK" metrics --listen 0.5
listens() # listens ADDRESS HOST SIGNAL
{
    if ! start url "$HAK" metrics --listen "$1"; then
        echo "UNSUPPORTED: --listen $1"
        return
    fi
    port=$(sed 's|.*:\([0-9]*\)/metrics$|\1|' url)
    $python "$HERE/scrape.py" "$2" "$port" | sed "s/^\(PASS\|FAIL\): /&$1: /"
    expect 1 '^hakmem: metrics: cannot listen: Address already in use' "$1: a port that is taken" "$HAK" metrics --listen "${1%0}$port"
    kill -"$3" "$target"
    wait "$target"
    result $? "$1: SIG$3 ends it well"
}
listens 0 127.0.0.1 TERM
listens '[::1]:0' ::1 INT
if start url "$HAK" metrics --listen 127.0.0.1:0; then # also in the middle of a request
    port=$(sed 's|.*:\([0-9]*\)/metrics$|\1|' url)
    $python -c 'import socket, sys, time; s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.send(b"GET"); print("sent", flush=True); s.recv(1)' "$port" >sent &
    pids="$pids $!"
    for _ in $(seq 100); do [ ! -s sent ] || break; sleep 0.1; done
    kill -TERM "$target"
    wait "$target"
    result $? "SIGTERM ends it in the middle of a request"
fi

# What the package brings: a dashboard of names that exist, and units that systemd understands.
judge "the dashboard names only what there is" "$($python - "$TOP/tools/hakmem-dashboard.json" <<'END'
import json
import re
import sys

board = json.load(open(sys.argv[1]))
there = set(re.findall(r"^(hakmem_\w+)\{", open("pid").read(), re.M))
expressions = [t["expr"] for p in board["panels"] for t in p["targets"]]
expressions += [v["query"]["query"] for v in board["templating"]["list"] if v["type"] == "query"]
used = set(name for e in expressions for name in re.findall(r"hakmem_\w+", e))
for name in sorted(used - there):
    print(name)
if len(used) < 15 or any(e.count("(") != e.count(")") or e.count("{") != e.count("}") for e in expressions):
    print(len(used), "names, or brackets that do not fit")
labels = set(l for e in expressions for l in re.findall(r"[{,](\w+)=~", e)) - {"instance"}
if labels - {"unit"}:
    print("labels", labels)
ids = [p["id"] for p in board["panels"]]
if len(set(ids)) != len(ids):
    print("two panels of one number")
END
)"
if command -v promtool >/dev/null; then
    $python -c 'import json, sys
print("groups:\n- name: dashboard\n  rules:")
for p in json.load(open(sys.argv[1]))["panels"]:
    for t in p["targets"]:
        e = t["expr"].replace("$__rate_interval", "5m").replace("$__range", "1h")
        print("  - record: x\n    expr: \x27%s\x27\n    labels: {n: \"%d%s\"}" % (e, p["id"], t["refId"]))' \
        "$TOP/tools/hakmem-dashboard.json" >rules.yml
    judge "promtool understands its queries" "$(promtool check rules rules.yml >words 2>&1 || cat words)"
fi
if [ -f "$BUILD/tools/hakmem-metrics.service" ] && command -v systemd-analyze >/dev/null; then
    cp "$TOP/tools/hakmem-metrics.timer" .
    sed "s|^ExecStart=[^ ]*|ExecStart=$(command -v true)|; /^Documentation/d" "$BUILD/tools/hakmem-metrics.service" >hakmem-metrics.service
    sed -i '/^Documentation/d' hakmem-metrics.timer
    judge "systemd understands the units" "$(systemd-analyze verify ./hakmem-metrics.service ./hakmem-metrics.timer 2>&1 | grep hakmem)"
    judge "the unit has the command where it is installed" "$(grep -q '^ExecStart=/.*/hakmem metrics --by unit --output ' "$BUILD/tools/hakmem-metrics.service" || echo no)"
else
    echo "UNSUPPORTED: systemd-analyze, or no units are built"
fi
# The command, with no other rights than the unit gives it.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null &&
    setpriv --bounding-set -all,+sys_ptrace,+dac_read_search --inh-caps -all true 2>/dev/null; then
    env LD_PRELOAD="$SO" setpriv --reuid=65534 --regid=65534 --clear-groups './an"odd\name' 1 >foreign.out 2>&1 &
    foreign=$!
    pids="$pids $foreign"
    for _ in $(seq 50); do [ ! -s foreign.out ] || break; sleep 0.1; done
    if grep -qx ready foreign.out && grep -q libhakmem "/proc/$foreign/maps"; then
        setpriv --bounding-set -all,+sys_ptrace,+dac_read_search --inh-caps -all "$HAK" metrics >pid
        judge "with the rights of the unit" "$(grep -q "^hakmem_resident_bytes{pid=\"$foreign\"" pid || grep unreadable pid)"
    else
        echo "UNSUPPORTED: with the rights of the unit (a program of another user)"
    fi
else
    echo "UNSUPPORTED: with the rights of the unit (needs root)"
fi
exit 0
