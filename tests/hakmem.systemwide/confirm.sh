#!/bin/sh
# SPDX-License-Identifier: MIT
# confirm.sh - enable --confirm: undone in time, unless confirmed; the process that waits survives its terminal.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

echo '# words' >"$FILE" && cp "$FILE" before

tells 0 'undone in 0.05 minutes' "enable --confirm" enable --confirm 0.05
judge "enabled meanwhile" "$(enabled || cat "$FILE"; programs_ail)"
tells 0 'to be confirmed within' "status says so" status
judge "undone in time" "$(wait_until 6 gone || cat "$FILE"; wait_until 3 no_watcher || echo "still waiting")"
judge "the file is as it was" "$(differ "$FILE" before; strays '')"
tells 1 'nothing to confirm' "too late to confirm" confirm

preload enable --confirm 0.06
tells 0 '^confirmed' "confirm" confirm
judge "the process ends" "$(wait_until 3 no_watcher || watchers)"
sleep 4
judge "and nothing is undone" "$(enabled || cat "$FILE"; preload status || cat tool.out)"
tells 1 'nothing to confirm' "confirm once more" confirm
tells 0 'enabled already' "enable --confirm where it is enabled" enable --confirm 1
judge "waits for nothing" "$(watchers)"
preload disable

preload enable --confirm 5
tells 0 '^disabled' "disable before it is confirmed" disable
judge "ends the waiting" "$(wait_until 3 no_watcher || watchers; ls "$root/run" | grep pending)"

# The session it came from is killed, with all that belongs to it.
cat >session.sh <<'END2'
"$1" --root="$2" enable --confirm 0.05 >session.out 2>&1
: >ready
exec sleep 100
END2
setsid sh session.sh "$TOOL" "$root" &
wait_until 20 test -e ready
session=$(cat /proc/$!/stat | awk '{ print $6 }')
for process in /proc/[0-9]*; do
    [ "$(awk '{ print $6 }' "$process/stat" 2>/dev/null)" != "$session" ] || echo "${process#/proc/}"
done >members
for process in $(cat members); do
    [ "$process" = $$ ] || [ "$session" = "$(awk '{ print $6 }' /proc/$$/stat)" ] || kill -KILL "$process" 2>/dev/null
done
wait 2>/dev/null
judge "enabled by a session that is gone" "$(enabled || cat session.out; [ -n "$(watchers)" ] || echo "nobody waits")"
judge "still undone in time" "$(wait_until 6 gone || cat "$FILE"; differ "$FILE" before)"
if [ -n "$(command -v script)" ]; then
    rm -f typed
    script -qec "$TOOL --root=$root enable --confirm 0.05" typed >/dev/null 2>&1 </dev/null
    judge "from a terminal" "$(enabled || cat typed; wait_until 6 gone || cat "$FILE")"
else
    echo "UNSUPPORTED: confirm: script(1) is missing"
fi

# Somebody else's edit in between stays.
small_library "$root/opt/a.so" 'int a;'
preload enable --confirm 0.05
echo /opt/a.so >>"$FILE"
wait_until 6 gone
printf '# words\n/opt/a.so\n' >expected
judge "an edit in between stays" "$(differ "$FILE" expected)"
cp before "$FILE"

# The process that waits is killed: status tells.
preload enable --confirm 5
kill_watchers
tells 4 'is gone' "status where nobody waits any more" status
tells 0 '^confirmed' "confirm even so" confirm
tells 0 '^enabled$' "then all is well" status
preload disable

# A refused enable leaves nobody waiting.
rm "$LIBRARY"
preload enable --confirm 1
judge "refused: nobody waits" "$([ "$status" -eq 1 ] || echo "status $status"; watchers; ls "$root/run" | grep pending)"
judge "and nothing is noted" "$(find "$root/var" -type f)"
exit 0
