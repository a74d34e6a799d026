# SPDX-License-Identifier: MIT
# common.sh - what the scripts of this family share; sourced by them. A script also runs by hand:
# TOP=... BUILD=... SO=.../libhakmem.so.1 CC=cc SCRATCH=/tmp/x sh explain.sh

HAK=$BUILD/tools/hakmem
HERE=$TOP/tests/hakmem.tools
unset LD_PRELOAD
ulimit -c 0
pids=
work=$SCRATCH/$(basename "$0" .sh).dir
rm -rf "$work"
mkdir -p "$work" && cd "$work" || exit 1

# Targets that were started are ended with the script.
finish()
{
    for pid in $pids; do
        kill -CONT "$pid" 2>/dev/null
        kill -KILL "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    cd / && rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

result() # result STATUS WHAT
{
    if [ "$1" -eq 0 ]; then echo "PASS: $2"; else echo "FAIL: $2"; fi
}

. "$TOP/tests/lib/judge.sh"

# expect STATUS RE WHAT COMMAND...: it ends with STATUS and a line of its output matches RE.
expect()
{
    status=$1 re=$2 what=$3
    shift 3
    timeout 30 "$@" >expect.out 2>&1
    got=$?
    if [ "$got" -eq "$status" ] && grep -qE -e "$re" expect.out; then
        echo "PASS: $what"
    else
        echo "FAIL: $what (status $got)"
        cat expect.out
    fi
}

python=$(command -v /usr/bin/python3 || command -v python3) || python=
need_python()
{
    if [ -z "$python" ]; then
        echo "UNSUPPORTED: python3 is missing"
        exit 0
    fi
}

# start FILE COMMAND...: run it until FILE, its output, has a line. $target is its pid.
start()
{
    out=$1
    shift
    rm -f "$out"
    "$@" >"$out" 2>"$out.err" </dev/null &
    target=$!
    pids="$pids $target"
    for _ in $(seq 300); do
        [ ! -s "$out" ] || return 0
        kill -0 "$target" 2>/dev/null || break
        sleep 0.1
    done
    cat "$out.err"
    return 1
}

rss_of() { awk '$1 == "Rss:" { print $2 * 1024 }' "/proc/$1/smaps_rollup"; }
