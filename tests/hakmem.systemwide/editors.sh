#!/bin/sh
# SPDX-License-Identifier: MIT
# editors.sh - others at work at the same time: editors of the file, a second tool, programs that start.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

small_library "$root/opt/a.so" 'int a;' && small_library "$root/opt/b.so" 'int b;' || exit 1

# A slow program in the battery gives an editor its time: bash is tried after what only libc needs.
slow_tree()
{
    printf '#!/bin/sh\n: >/tmp/tried\nsleep 2\n' >"$root/usr/bin/getent"
    chmod 755 "$root/usr/bin/getent"
}

# while_trying COMMAND...: enable, and in the middle of its trial COMMAND.
while_trying()
{
    rm -f "$root/tmp/tried"
    preload enable &
    tool=$!
    for _ in $(seq 100); do
        [ ! -e "$root/tmp/tried" ] || break
        sleep 0.1
    done
    "$@"
    wait "$tool"
    status=$?
}

# edited NAME BEFORE EDIT AFTER: the edit wins, and enable says so.
edited()
{
    rm -f "$FILE"
    [ "$2" = - ] || printf '%s\n' "$2" >"$FILE"
    while_trying eval "$3"
    judge "$1: enable gives way" "$([ "$status" -eq 1 ] && grep -q 'changed by somebody else\|made by somebody else' tool.out ||
        { echo "status $status" && cat tool.out; })"
    judge "$1: the edit stays" "$([ "$(cat "$FILE" 2>&1)" = "$4" ] || cat "$FILE"; strays '')"
}

slow_tree
edited "written in place" /opt/a.so "echo /opt/b.so >>'$FILE'" '/opt/a.so
/opt/b.so'
edited "replaced" /opt/a.so "echo /opt/b.so >'$root/etc/new' && mv '$root/etc/new' '$FILE'" /opt/b.so
edited "replaced by the same words" /opt/a.so "cp '$FILE' '$root/etc/new' && mv '$root/etc/new' '$FILE'" /opt/a.so
edited "touched" /opt/a.so "touch -d '2001-01-01' '$FILE'" /opt/a.so
edited "made where there was none" - "echo /opt/b.so >'$root/etc/new' && mv '$root/etc/new' '$FILE'" /opt/b.so
edited "made a link" /opt/a.so "mv '$FILE' '$root/tmp/away' && ln -s ../tmp/away '$FILE'" /opt/a.so
rm -f "$FILE"
echo /opt/a.so >"$FILE"
while_trying rm -f "$FILE"
judge "removed: enable gives way" "$([ "$status" -eq 1 ] || { echo "status $status" && cat tool.out; }; ls "$FILE" 2>/dev/null; strays '')"

# Killed in the middle of a trial that would last: the file is as it was, nothing goes on, the next one clears up.
root=$(readlink -f "$root")
running() # programs of the tree, waited for until there are none
{
    for _ in $(seq 100); do
        left=$(for process in /proc/[0-9]*; do
            case $(readlink "$process/exe") in "$root"/*) tr '\0' ' ' <"$process/cmdline" ;; esac
        done 2>/dev/null)
        [ -n "$left" ] || return 0
        sleep 0.1
    done
    echo "still running: $left"
}
killed() # killed BEFORE: - : there was no file
{
    rm -f "$FILE" "$root/tmp/tried"
    [ "$1" = - ] || echo "$1" >"$FILE"
    "$TOOL" --root="$root" enable >/dev/null 2>&1 &
    tool=$!
    for _ in $(seq 100); do
        [ ! -e "$root/tmp/tried" ] || break
        sleep 0.1
    done
    kill -KILL "$tool"
    wait "$tool" 2>/dev/null
}
printf '#!/bin/sh\n: >/tmp/tried\nexec sleep 50\n' >"$root/usr/bin/getent"
killed /opt/a.so
echo /opt/a.so >before
judge "killed: the file is as it was" "$(differ "$FILE" before; programs_ail)"
judge "killed: nothing goes on" "$(running)"
tells 0 '^disabled|^not enabled' "killed: disable need not wait" disable
killed -
tells 0 '^not enabled' "killed where there was no file: disable" disable
judge "killed: no file is left" "$(ls "$FILE" 2>/dev/null; strays '')"
killed -
printf '#!/bin/sh\nsleep 50 >/dev/null 2>&1 &\n' >"$root/usr/bin/getent"
tells 0 '^enabled:' "killed: the next one enables" enable
judge "killed: nothing is left" "$(strays '')"
judge "a trial leaves nothing running in the background" "$(running)"
tells 0 '^disabled' "and disables" disable
judge "to no file, as it was" "$(ls "$FILE" 2>/dev/null; strays '')"
adopt_program getent || rm "$root/usr/bin/getent"

# A second tool waits for the first.
if command -v flock >/dev/null; then
    flock "$root/run/hakmem-preload.lock" sleep 2 &
    sleep 0.3
    before=$(date +%s%N)
    tells 0 '^enabled:' "a second tool waits for the first" enable
    judge "it did wait" "$([ $(($(date +%s%N) - before)) -gt 1000000000 ] || echo no)"
    wait
    preload disable
fi

# Programs that start meanwhile see the old file or the new one, never half of one.
: >storm.out
(
    while [ ! -e "$work/stop" ]; do
        inside true 2>&1 || echo "status $?"
        echo x >>"$work/starts"
    done >>"$work/storm.out" 2>&1
) &
for _ in 1 2 3 4 5 6; do
    preload enable || cat tool.out >>storm.out
    preload disable || cat tool.out >>storm.out
done
: >stop
wait
judge "$(($(wc -l <starts) / 10))0 programs and more start in silence while the file changes" "$(head -n 20 storm.out)"
exit 0
