#!/bin/sh
# SPDX-License-Identifier: MIT
# resume.sh - enable --confirm and the restart of the machine: waits on, or undoes; killed at any step, never forgets.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

echo '# words' >"$FILE" && cp "$FILE" before
NOTE=$root/var/lib/hakmem/preload.unconfirmed
PENDING=$root/run/hakmem-preload.pending

# The power fails: all processes are gone, and so is all of /run.
restart()
{
    kill_watchers || echo "FAIL: the process that waits cannot be killed"
    rm -rf "${root:?}/run" && mkdir "$root/run"
}

one_waits() { [ "$(watchers | wc -w)" -eq 1 ] || echo "waiting: $(watchers)"; }
nobody_waits() { wait_until 20 no_watcher || echo "waiting: $(watchers)"; }
nothing_noted() { find "$root/var" -type f; ls "$PENDING" 2>/dev/null; }
undone() { nobody_waits; differ "$FILE" before; nothing_noted; strays ''; }
# kept: the line is there for good.
kept() { enabled || cat "$FILE"; [ ! -e "$NOTE" ] || cat "$NOTE"; }
noted() { [ "$(cat "$NOTE")" = "$1" ] || cat "$NOTE"; }
silent() # silent COMMAND...: status 0, and not a word
{
    preload "$@" || echo "status $status"
    cat tool.out
}

# --- once, twice, and what ends it ------------------------------------------------------------------------

judge "nothing to do: silent" "$(silent resume; ls "$root/var" 2>/dev/null)"
preload enable --confirm 5
judge "the note" "$(noted '5 0')"
judge "somebody waits: silent" "$(silent resume; one_waits; noted '5 0')"
restart
tells 4 'is gone' "status after a restart" status
tells 0 'undone in 5.0 minutes' "resume" resume
judge "one process waits" "$(one_waits; enabled || cat "$FILE"; noted '5 1')"
tells 0 'within [45][.0-9]* minutes' "status says so" status
judge "resume again: silent" "$(silent resume; one_waits; noted '5 1')"
tells 0 '^confirmed' "confirm after a restart" confirm
judge "the process ends" "$(wait_until 20 no_watcher || watchers; kept)"
tells 1 'nothing to confirm' "confirm once more" confirm
restart
judge "restart after confirm" "$(silent resume; kept; nobody_waits)"
preload disable
judge "as before" "$(undone)"

preload enable --confirm 5
restart
tells 0 '^confirmed' "confirm where nobody waits yet" confirm
judge "is the end of it" "$(silent resume; kept; nobody_waits)"
preload disable

preload enable --confirm 5
restart
echo '0.02 0' >"$NOTE"
preload resume
judge "restart, and not confirmed in time" "$(wait_until 60 gone || cat "$FILE"; undone)"

preload enable --confirm 5
restart
preload resume
restart
tells 4 'is gone' "status after two restarts" status
tells 0 'not confirmed .*: disabled' "two restarts: undone at once" resume
judge "two restarts: as before" "$(undone)"
judge "two restarts: nothing left to do" "$(silent resume)"

preload enable --confirm 5
preload disable
restart
judge "restart after disable" "$(silent resume; undone)"
preload enable --confirm 5
restart
tells 0 '^disabled' "disable after a restart" disable
judge "is the end of it, too" "$(silent resume; undone)"

preload enable --confirm 5
rm "$NOTE"
judge "confirmed, and killed after that: nobody undoes it" "$(nobody_waits; kept; silent status | grep -v '^en')"
preload disable

# A note on a line that is gone must not hold for a line that comes later.
preload enable --confirm 5
restart
cp before "$FILE"
tells 0 '^enabled:' "enable after the line was cut out by hand" enable
restart
judge "waits for nothing" "$(silent resume; kept; nobody_waits)"
preload disable

# Within one run of the machine, where only the process was killed.
preload enable --confirm 5
kill_watchers
tells 0 'undone in [45]' "only the process was killed: resume" resume
judge "is no restart" "$(one_waits; noted '5 0')"
kill_watchers
echo 0 >"$PENDING"
tells 0 'not confirmed .*: disabled' "only the process was killed, and time is up" resume
judge "as before, too" "$(undone)"
preload enable --confirm 5
kill_watchers
echo 99999999999 >"$PENDING"
tells 0 'undone in 5.0 minutes' "never longer than asked for" resume
preload disable

# What package scripts do.
preload enable --confirm 5
restart
tells 0 '^disabled' "disable --remember" disable --remember
judge "nobody would undo it now" "$(silent resume; differ "$FILE" before)"
tells 0 'undone in 5 minutes' "enable --remembered waits again" enable --remembered
judge "as it did" "$(one_waits; noted '5 0'; [ ! -e "$root/var/lib/hakmem/preload.remembered" ] || echo "remembered still")"
preload disable --remember
echo 'x' >"$root/var/lib/hakmem/preload.remembered"
tells 1 'cannot be read' "what cannot be read is not enabled" enable --remembered
tells 0 '^not enabled' "nor is it forgotten" disable
judge "until disable" "$(undone)"
preload enable --confirm 5
restart
chmod 666 "$LIBRARY"
tells 1 'disabled, because of that' "verify that fails" verify
judge "ends it" "$(undone)"
chmod 644 "$LIBRARY"

# --- each state that files can be in ----------------------------------------------------------------------

# state LINE NOTE PENDING: by hand; - is none.
state()
{
    restart
    cp before "$FILE"
    rm -rf "${root:?}/var"
    mkdir -p "${NOTE%/*}"
    [ "$1" = - ] || echo "$LINE" >>"$FILE"
    [ "$2" = - ] || echo "$2" >"$NOTE"
    [ "$3" = - ] || echo "$3" >"$PENDING"
}
for pending in - 0 99999999999; do
    for note in - '5 0' '5 1' '5 2' damaged; do
        state - "$note" $pending
        judge "no line, note $note, pending $pending: nothing to do" "$(silent resume; nobody_waits; differ "$FILE" before
            [ ! -e "$NOTE" ] || cat "$NOTE")"
        state - "$note" $pending
        tells 1 'nothing to confirm' "no line, note $note, pending $pending: confirm" confirm
        state line "$note" $pending
        what="line, note $note, pending $pending"
        case $note/$pending in
            -/*)
                judge "$what: nothing to do" "$(silent resume; nobody_waits; kept)"
                tells 1 'nothing to confirm' "$what: confirm" confirm
                continue
                ;;
            '5 0/-' | '5 '?/99*)
                preload resume
                judge "$what: waits" "$(one_waits; enabled || cat "$FILE")"
                ;;
            *)
                tells 0 'disabled' "$what: undone" resume
                judge "$what: as before" "$(undone)"
                ;;
        esac
        state line "$note" $pending
        tells 0 '^confirmed' "$what: confirm" confirm
        judge "$what: kept" "$(kept; silent resume; nobody_waits)"
    done
done

damaged() # damaged WHAT: the note is the file "shape", which goes
{
    for command in resume confirm disable status; do
        state line - -
        cp -a shape "$NOTE"
        case $command in
            resume) tells 0 'disabled' "note $1: undone" resume ;;
            confirm) tells 0 '^confirmed' "note $1: confirm" confirm ;;
            disable) tells 0 '^disabled' "note $1: disable" disable ;;
            status) tells 4 'is gone' "note $1: status" status ;;
        esac
        case $command in
            resume | disable) judge "note $1: $command leaves nothing" "$(undone)" ;;
            confirm) judge "note $1: kept" "$(kept; silent resume)" ;;
        esac
    done
    rm -rf shape
}
: >shape && damaged empty
head -c 3000 "$TOOL" >shape && damaged "of garbage"
truncate -s 3G shape && damaged huge
truncate -s 65536 shape && damaged "of zeros"
printf '5 0' >shape && damaged "cut short"
printf '5 0\n\0' >shape && damaged "with more behind it"
printf '5 0\n5 0\n' >shape && damaged "of two lines"
echo 5 >shape && damaged "without the count"
for text in '0 0' '-5 0' '10081 0' 'nan 0' 'inf 0' '1e999 0' '5 -1' '5 99999999999'; do
    echo "$text" >shape && damaged "of $text"
done
mkdir shape && damaged "that is a directory"
mkfifo shape && damaged "that is a pipe"
ln -s nowhere shape && damaged "that leads nowhere"
state - - -
rm -rf "${root:?}/var/lib" && : >"$root/var/lib"
tells 1 'not enabled' "no place for a note: refused" enable --confirm 5
judge "no place for a note: as before" "$(nobody_waits; differ "$FILE" before; strays '')"
rm -rf "${root:?}/var"

# --- killed at each step ----------------------------------------------------------------------------------

if ! strace -e trace=fsync -o trace -e inject=fsync:signal=KILL:when=1 true 2>/dev/null || ! grep -q '^+++' trace; then
    echo "UNSUPPORTED: resume: killed at each step (strace is missing, or may not trace)"
else
    # What is written is on the disk before the next step begins.
    in_order() # in_order WHAT COMMAND RE...: the system calls of the tool match these, one after the other
    {
        what=$1 command=$2
        shift 2
        # shellcheck disable=SC2086 # words
        strace -y -o trace "$TOOL" --root="$root" $command >tool.out 2>&1
        judge "$what" "$(for re in "$@"; do echo "$re"; done | awk '
            NR == FNR { re[NR] = $0; count = NR; next }
            at < count && $0 ~ re[at + 1] && !/ = -1/ { at++ }
            END { if (at < count) print "missing, or too early: " re[at + 1] }' - trace)"
    }
    note_gone='^(unlink|rmdir).*preload.unconfirmed' note_synced='^fsync.*/var/lib/hakmem>' pending_gone='^unlink.*/run/hakmem-preload.pending'
    rm -rf "${root:?}/var"
    in_order "enable: the note, the wait, the line" 'enable --confirm 5' '^mkdir..*/var/lib/hakmem"' '^fsync.*/var/lib>' \
        '^fsync.*preload.unconfirmed' '^rename.*preload.unconfirmed' "$note_synced" '^openat.*hakmem-preload.pending.*O_CREAT' \
        '^(clone|fork|vfork)' '^renameat2.*ld.so.preload' '^fsync.*/etc>'
    nth=$(grep '^fsync' trace | grep -n '/etc>' | sed -n '1s/:.*//p')
    in_order "confirm: the note, the wait" confirm "$note_gone" "$note_synced" "$pending_gone"
    preload disable
    preload enable --confirm 5
    in_order "disable: the line, the note, the wait" disable '^renameat2.*ld.so.preload' '^fsync.*/etc>' "$note_gone" \
        "$note_synced" "$pending_gone"
    preload enable --confirm 5
    restart
    in_order "resume: the count, the wait" resume '^fsync.*preload.unconfirmed' '^rename.*preload.unconfirmed' "$note_synced" \
        '^openat.*hakmem-preload.pending.*O_CREAT'
    restart
    in_order "resume: the line, the note" resume '^renameat2.*ld.so.preload' '^fsync.*/etc>' "$note_gone" "$note_synced"

    # kill_each COMMAND PREPARE...: killed before each system call that changes something; then what the state is.
    kill_each()
    {
        command=$1
        shift
        words=$(for call in mkdir flock fsync rename renameat2 unlink rmdir fchmod; do
            n=0
            while n=$((n + 1)); do
                restart
                cp before "$FILE"
                rm -rf "${root:?}/var"
                "$@"
                # shellcheck disable=SC2086 # words
                timeout 60 strace -o trace -e trace=$call -e inject=$call:signal=KILL:when=$n "$TOOL" --root="$root" $command \
                    >tool.out 2>&1
                grep -q 'killed by SIGKILL' trace || break
                echo >>killed
                bad=$(after_kill "${command%% *}")
                [ -z "$bad" ] || printf 'killed before %s number %s:\n%s\n' "$call" $n "$bad"
            done
        done 2>&1)
        judge "$*: $command, killed $(wc -l <killed) times" "$words"
        [ -s killed ] || echo "FAIL: $command is never killed"
        rm -f killed
    }
    # Words where the line is there, unconfirmed and forgotten, or the next two starts do not sort it out.
    after_kill()
    {
        [ -e "$NOTE" ] || gone || [ "$1" = confirm ] || echo "forgotten"
        [ "$1" != confirm ] || enabled || echo "undone"
        pending=$([ ! -e "$NOTE" ] || echo yes)
        restart
        preload resume || cat tool.out
        restart
        preload resume || cat tool.out
        if [ "$1" = confirm ] && [ -z "$pending" ]; then
            kept
        else
            nobody_waits
            differ "$FILE" before
            [ ! -e "$NOTE" ] || cat "$NOTE"
        fi
        programs_ail
    }
    pending() { preload enable --confirm 5; }
    started() { pending && restart; }
    twice() { started && preload resume && restart; }
    kill_each 'enable --confirm 5' true
    kill_each confirm pending
    kill_each confirm started
    kill_each disable pending
    kill_each 'disable --remember' pending
    kill_each resume started
    kill_each resume twice

    # The start cannot be counted, so the next one could not be told from this one.
    restart && pending && restart
    strace -o trace -e inject=fsync:error=ENOSPC:when=1 "$TOOL" --root="$root" resume >tool.out 2>&1
    judge "resume cannot note the start: undone" "$(grep -q ': disabled' tool.out || cat tool.out; undone)"
    # The file cannot be changed: tried until it can.
    pending && restart && preload resume && restart
    strace -o trace -e inject=renameat2:error=EIO "$TOOL" --root="$root" resume >tool.out 2>&1
    judge "resume cannot undo: tries again" "$([ $? -eq 0 ] || cat tool.out; wait_until 60 gone || cat "$FILE"
        undone)"
    # The disk does not take it.
    rm -rf "${root:?}/var"
    strace -o trace -e inject=fsync:error=EIO:when="$nth" "$TOOL" --root="$root" enable --confirm 5 >tool.out 2>&1
    judge "enable cannot bring it to the disk" "$(grep -q 'not enabled' tool.out || cat tool.out; undone)"
fi

# --- the unit ---------------------------------------------------------------------------------------------

unit=$BUILD/preload/hakmem-preload.service
if [ ! -f "$unit" ]; then
    echo "UNSUPPORTED: resume: the unit (--without-systemdsystemunitdir)"
    exit 0
fi
preload enable --confirm 5
judge "the unit runs where a note stands" "$(path=$(sed -n 's/^ConditionPathExists=//p' "$unit"); [ -n "$path" ] && [ -e "$root$path" ] ||
    echo "not where '$path' is")"
preload disable
judge "and only there" "$(path=$(sed -n 's/^ConditionPathExists=//p' "$unit"); ls "$root$path" 2>/dev/null)"
mkdir units
verified() # verified: words of systemd on the unit as it is in units/
{
    systemd-analyze verify --man=no "$work/units/hakmem-preload.service" 2>&1 | grep hakmem-preload
}
sed "s,^ExecStart=[^ ]*,ExecStart=$(readlink -f "$TOOL")," "$unit" >units/hakmem-preload.service
cp units/hakmem-preload.service . && sed -i 's/^Before=/Befor=/' units/hakmem-preload.service
if ! verified | grep -q "Befor"; then
    echo "UNSUPPORTED: resume: systemd-analyze verify"
else
    cp hakmem-preload.service units/
    judge "the unit is what systemd takes for one" "$(verified)"
fi
exit 0
