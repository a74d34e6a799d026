#!/bin/sh
# SPDX-License-Identifier: MIT
# compare.sh - bench/compare as its users start it: what it writes, what it refuses, how it can be stopped.
#
# No figure is judged: they depend on the machine.
# shellcheck disable=SC2086 # $one is a list of words
set -u
compare=$TOP/bench/compare
work=$SCRATCH/compare
few='pair_64,frag,lookup'
search=$PATH
one='--quick --only pair_64 --no-strace' # words
export PYTHONDONTWRITEBYTECODE=1

if ! command -v python3 >/dev/null; then
    echo "UNSUPPORTED: bench/compare needs python3"
    exit 0
fi
python3 "$TOP/tests/hakmem.harness/figures.py"
if [ ! -x "$BUILD/bench/pairs" ] || [ ! -x "$BUILD/bench/frag" ] || [ ! -x "$BUILD/bench/lookup" ]; then
    echo "UNSUPPORTED: the programs of bench/ are not built (make bench-programs)"
    exit 0
fi
rm -rf "$work"
mkdir -p "$work"
cd "$BUILD" || exit 1

. "$TOP/tests/lib/judge.sh"

# run STATUS ARGUMENT...: output and errors go to files; says what is wrong with the status
run()
{
    wanted=$1
    shift
    PATH=$search "$compare" "$@" >"$work/output" 2>"$work/errors"
    status=$?
    [ "$status" -eq "$wanted" ] || {
        echo "status $status, not $wanted"
        cat "$work/errors"
    }
}

# has FILE WORDS: says so if they are missing
has() { grep -qF -e "$2" "$1" || { echo "no \"$2\" in:"; head -n 20 "$1"; }; }

# A library that does what its users fear: it ends every program, or never lets it begin.
library()
{
    echo "__attribute__((constructor)) static void begin(void) { $2; }" |
        $CC -w -shared -fPIC -xc -o "$work/$1.so" -
}
library broken 'void _exit(int); _exit(7)'
library stuck 'int pause(void); for (;;) pause()'
cp "$SO" "$work/copy.so"

# --- A run, and what it leaves ----------------------------------------------------------------------------

judge "a quick run" "$(run 0 --quick --only "$few" --with "<b>&copy=$work/copy.so" --out "$work/out")"
mv "$work/output" "$work/first"
judge "the table has the workloads" "$(for name in pair_64 frag lookup; do has "$work/first" "$name"; done)"
judge "progress was told" "$(has "$work/errors" 'round 1 of 2')"
judge "results.tsv is tidy" "$(awk -F '\t' '
    NF != 6 { print FNR ": " $0 }
    FNR == 1 && $0 != "workload\tround\tallocator\tmetric\tunit\tvalue" { print "header: " $0 }
    FNR > 1 && ($2 !~ /^[0-9]+$/ || $5 == "" || $6 !~ /^-?[0-9]/) { print FNR ": " $0 }
    $1 == "pair_64" && $3 == "libhakmem" && $4 == "mops" { rounds++ }
    END { if (rounds != 2) print rounds " rounds" }' "$work/out/results.tsv")"
judge "about.json is JSON" "$(python3 -m json.tool "$work/out/about.json" 2>&1 >/dev/null)"
judge "the report is sound" "$(python3 "$TOP/tests/hakmem.harness/report.py" "$work/out/report.html")"
judge "the report escapes names" "$(has "$work/out/report.html" '&lt;b&gt;&amp;copy' &&
    grep -F '<b>&' "$work/out/report.html")"
if command -v gnuplot >/dev/null; then
    judge "the report has plots" "$(has "$work/out/report.html" '</desc>')"
else
    judge "the report says that it has no plots" "$(has "$work/out/report.html" 'gnuplot is not installed')"
fi
judge "--from prints the same table" "$(run 0 --only "$few" --from "$work/out" &&
    diff "$work/first" "$work/output" | grep '^[<>]' | grep -v 'Report:\|^< $')"
judge "--from FILE --markdown" "$(run 0 --only "$few" --from "$work/out/results.tsv" --markdown &&
    has "$work/output" '| pair_64 ')"
mkdir -p "$work/bin"
ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$work/bin/python3"
judge "without gnuplot" "$(search=$work/bin && run 0 --from "$work/out" --out "$work/bare" &&
    has "$work/errors" 'without plots' && has "$work/bare/report.html" 'without plots')"

# --- The adaptive engine against fixed settings -----------------------------------------------------------

# What a library sees: the program it is loaded into, and the settings there.
library teller "int open(), dprintf(); char *getenv(const char *); extern char *program_invocation_short_name;
    dprintf(open(\"$work/told\", 02101, 0600), \"%s %s %s%c\", program_invocation_short_name,
            getenv(\"HAKMEM_ACE\"), getenv(\"HAKMEM_ACE_THREAD\"), 10)"
judge "--ace" "$(export HAKMEM_ACE=0 && run 0 --ace --quick --only pair_64,cat --hakmem "$work/teller.so" \
    --out "$work/ace" && has "$work/output" hakmem-fixed && has "$work/output" 'libhakmem: worst loss')"
judge "settings of a column reach what is measured, nothing else" "$(
    printf '%s\n' 'cat 0 0' 'cat 1 0' 'cat 1 1' 'pairs 0 0' 'pairs 1 0' 'pairs 1 1' >"$work/wanted"
    sort -u "$work/told" | diff "$work/wanted" -)"
judge "its report is sound" "$(python3 "$TOP/tests/hakmem.harness/report.py" "$work/ace/report.html"
    has "$work/ace/report.html" 'id="engine"')"
mv "$work/output" "$work/first"
judge "--from prints the same gains" "$(run 0 --only pair_64,cat --from "$work/ace" &&
    diff "$work/first" "$work/output" | grep '^[<>]' | grep -v 'Report:\|^< $')"
judge "--ace has workloads of its own" "$(run 0 --ace --list && has "$work/output" 'swell --park 1' &&
    grep pair_16 "$work/output")"
judge "--ace leaves out what runs all settings in one process" "$(
    run 0 --ace --quick --only start_ls,tls && has "$work/errors" 'start_ls is left out')"
judge "--ace without the library is refused" "$(run 2 --ace --programs "$work" &&
    has "$work/errors" 'libhakmem is not built')"

# --- What is refused --------------------------------------------------------------------------------------

judge "an unknown workload is named" "$(run 2 --only pair_64,nonsense && has "$work/errors" nonsense)"
judge "a missing library is named" "$(run 2 --with x=/nonexistent.so && has "$work/errors" /nonexistent.so)"
judge "a name that is taken is refused" "$(run 2 --with "glibc=$work/copy.so" && has "$work/errors" glibc)"
judge "a missing --hakmem is named" "$(run 2 --hakmem /nonexistent.so && has "$work/errors" /nonexistent.so)"
judge "programs that are not built are named" "$(run 2 --only frag --programs "$work" &&
    has "$work/errors" frag)"
judge "missing results are named" "$(run 2 --from /nonexistent && has "$work/errors" /nonexistent)"
judge "a directory that cannot be made is named" "$(run 2 --quick --only frag --out /proc/none/x &&
    has "$work/errors" /proc/none/x)"
judge "a bad number of rounds is refused" "$(run 2 --rounds 0 && has "$work/errors" rounds)"
judge "bench/README.md has the table of --list" "$(run 0 --list --markdown && while read -r line; do
    grep -qxF -e "$line" "$TOP/bench/README.md" || echo "not there: $line"
done <"$work/output")"
judge "--list" "$(run 0 --list --only 'pair_*' && has "$work/output" 'pairs --size 64')"

# --- Runs that fail ---------------------------------------------------------------------------------------

judge "a library that breaks programs" "$(run 0 $one --with "bad=$work/broken.so" &&
    has "$work/output" failed && has "$work/errors" 'pair_64 failed under bad: status 7')"
judge "libhakmem that breaks programs" "$(run 1 $one --hakmem "$work/broken.so" &&
    has "$work/errors" 'failed under libhakmem')"
judge "a library that never returns" "$(run 0 $one --limit 1 --with "stuck=$work/stuck.so" &&
    has "$work/errors" 'not done after 1 s')"

# --- Signals ----------------------------------------------------------------------------------------------

# interrupted SIGNAL STATUS: stop a long run in its second round
interrupted()
{
    rm -rf "$work/long"
    "$compare" $one --rounds 10000 --out "$work/long" \
        >"$work/output" 2>"$work/errors" </dev/null &
    compare_pid=$!
    tries=0
    while ! grep -q '^pair_64	2	' "$work/long/results.tsv" 2>/dev/null && [ $tries -lt 600 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -"$1" $compare_pid
    wait $compare_pid
    status=$?
    [ $status -eq "$2" ] || echo "status $status, not $2"
    has "$work/output" pair_64
    has "$work/output" Report:
    has "$work/long/report.html" 'was interrupted'
}
judge "SIGINT shows what there is" "$(interrupted INT 130)"
judge "SIGTERM shows what there is" "$(interrupted TERM 143)"

rm -rf "$work"
exit 0
