#!/bin/sh
# SPDX-License-Identifier: MIT
# errors.sh - one clear line for each thing that cannot be looked at, and the right status.
set -u
. "$TOP/tests/hakmem.tools/common.sh"

refused() # refused RE WHAT PID: by all that look at a process
{
    for command in explain stat top purge profile leaks; do
        expect 1 "^hakmem: $1" "$2: $command" "$HAK" $command "$3"
        judge "$2: $command, one line" "$([ "$(wc -l <expect.out)" = 1 ] || cat expect.out)"
    done
}

refused 'no such process: 4194305' "missing process" 4194305
expect 1 '^hakmem: no such process' "missing process: check" "$HAK" check 4194305
expect 2 'not a process ID' "no number" "$HAK" explain 12x
expect 2 'not a process ID' "negative" "$HAK" stat -- -1
expect 2 'not a process ID' "too large" "$HAK" explain 99999999999
expect 2 'name one process' "no process" "$HAK" explain
expect 2 'name one process' "two processes" "$HAK" stat 1 2
expect 2 "no command 'explian'" "no such command" "$HAK" explian 1
expect 2 'usage: hakmem' "no command" "$HAK"
expect 2 'hakmem help stat' "unknown flag" "$HAK" stat --nosuch 1
for command in purge stat explain top; do
    expect 2 "^hakmem: $command: '-1' is not a process ID, nor an option" "$command: negative" "$HAK" $command -1
    expect 2 "^hakmem: $command: '-12' is not a process ID" "$command: negative, of two digits" "$HAK" $command -12
    judge "$command: each line is of hakmem" "$(grep -v '^hakmem: ' expect.out)"
done
expect 2 "^hakmem: purge: '-12' is not a process ID" "negative, behind an option" "$HAK" purge --json -12
expect 2 "^hakmem: purge: '-1' is not a process ID" "negative, behind a process" "$HAK" purge 1 -1
expect 2 "^hakmem: stat: no option '--nosuch'; see" "unknown flag, by its name" "$HAK" stat --nosuch 1
expect 2 "^hakmem: stat: no option '-x'; see" "unknown letter" "$HAK" stat -x 1
expect 2 "^hakmem: purge: a value is missing behind '--wait'; see" "a missing value" "$HAK" purge --wait
expect 2 "^hakmem: stat: no value may follow '--json=1'; see" "a value too many" "$HAK" stat --json=1
expect 2 "^hakmem: stat: no value may follow '--json=1'; see" "a value too many, in front" "$HAK" stat --json=1 1
expect 2 "^hakmem: run: no option '--nosuch'; see" "run: unknown flag" "$HAK" run --nosuch true
expect 2 '0.1 to 86400' "bad interval" "$HAK" top --interval x
expect 2 'pid, unit or program' "metrics: bad sums" "$HAK" metrics --by name
expect 2 'not both' "metrics: two places" "$HAK" metrics --output x --listen 0
expect 2 "unexpected '1'" "metrics: a process" "$HAK" metrics 1
expect 0 'usage: hakmem COMMAND' "--help" "$HAK" --help
expect 0 "^hakmem $(sed -n 's/#define PACKAGE_VERSION "\(.*\)"/\1/p' "$BUILD/lib/config.h")\$" "--version" "$HAK" --version
for command in run options check stat explain top purge profile leaks metrics; do
    expect 0 "^usage: hakmem $command" "help $command" "$HAK" help $command
    judge "help $command: 80 columns" "$(awk 'length > 80' expect.out)"
    expect 0 "^usage: hakmem $command" "$command --help" "$HAK" $command --help
    judge "--help names $command" "$("$HAK" --help | grep -q "^  $command " || echo missing)"
done
expect 1 'cannot write' "a full disk" sh -c "\"$HAK\" options >/dev/full"

sleep 60 &
pids="$pids $!"
sleep 0.1
refused 'process [0-9]* \(sleep\) does not run with libhakmem' "process without the library" $!

sh -c 'sleep 0.1 & echo $!; exec sleep 60' >zombie.out &
pids="$pids $!"
sleep 0.5
zombie=$(cat zombie.out)
case $(cat "/proc/$zombie/stat" 2>/dev/null) in
*') Z '*) refused '.*zombie' "zombie" "$zombie" ;;
*) echo "UNSUPPORTED: zombie" ;;
esac

thread=$(for dir in /proc/[0-9]*; do
    case $(cat "$dir/stat" 2>/dev/null) in *'(kthreadd) '*) echo "${dir#/proc/}" ;; esac
done)
if [ -n "$thread" ]; then refused '.*kernel thread' "kernel thread" "$thread"; else echo "UNSUPPORTED: kernel thread"; fi

if echo 'void _start(void){for(;;)__asm__ volatile("int $0x80" :: "a"(29));}' |
    $CC -m32 -nostdlib -static -x c -o narrow - 2>/dev/null; then
    ./narrow &
    narrow=$!
    pids="$pids $narrow"
    sleep 0.2
    if kill -0 $narrow 2>/dev/null; then refused '.*32-bit' "32-bit process" $narrow; else echo "UNSUPPORTED: 32-bit process"; fi
else
    echo "UNSUPPORTED: 32-bit process"
fi

# A library with another layout: the same file, one byte changed.
sed 's/hakmem layout \x91/hakmem layout \x92/' "$SO" >other.so
env LD_PRELOAD="$work/other.so" sleep 60 &
pids="$pids $!"
sleep 0.3
expect 1 'does not run with libhakmem' "a library without a layout" "$HAK" explain $!
rows=$(mktemp -d) || exit 1
other() # other WHAT ROW SCRIPT: what SCRIPT of sed makes of the library is refused for ROW
{
    sed "$3" "$SO" >"$rows/libhakmem.so.1"
    env LD_PRELOAD="$rows/libhakmem.so.1" sleep 60 &
    pids="$pids $!"
    sleep 0.3
    expect 1 "which has no '$2' or another: use the hakmem command of that release" "a library $1" "$HAK" explain $!
}
other "that misses an object" '&usages.bytes' 's/&usages\.bytes/\&usages.bites/'
other "that misses a structure" 'tcache.misses' 's/tcache\.misses/tcache.missed/'
other "with a field elsewhere" 'meta_chunk.next' 's/meta_chunk\.next/meta_chunk.nexx/; s/meta_chunk\.size/meta_chunk.next/'

# Of somebody else.
cp "$HAK" "$rows/hakmem" && chmod 755 "$rows" "$rows/hakmem"
if [ "$(id -u)" -eq 0 ]; then
    env LD_PRELOAD="$SO" sleep 60 &
    pids="$pids $!"
    sleep 0.3
    if command -v setpriv >/dev/null && setpriv --reuid=65534 --regid=65534 --clear-groups "$rows/hakmem" --version >/dev/null; then
        for command in explain stat check top purge profile leaks; do
            expect 1 "^hakmem: process $! .*of user root may not be read.*CAP_SYS_PTRACE" "no permission: $command" \
                setpriv --reuid=65534 --regid=65534 --clear-groups "$rows/hakmem" $command $!
        done
    else
        echo "UNSUPPORTED: no permission"
    fi
else
    expect 1 'may not be read.*CAP_SYS_PTRACE' "no permission" "$HAK" explain 1
fi
rm -rf "$rows"
exit 0
