#!/bin/sh
# SPDX-License-Identifier: MIT
# record.sh - the recorder counts what a program allocates; what it wrote can be replayed, twice the same.
set -u
bench=$BUILD/bench
mix=$SCRATCH/recorded.mix
trap 'rm -f "$mix" "$mix.c" "$mix.exe" "$mix.log"' EXIT

judge() # judge WHAT WORDS: passed when there are no words
{
    if [ -z "$2" ]; then echo "PASS: $1"; else echo "FAIL: $1: $2"; fi
}

if [ ! -f "$bench/record.so" ] || [ ! -x "$bench/mix" ]; then
    echo "UNSUPPORTED: record.so and mix are not built (make bench-programs)"
    exit 0
fi

# 100 blocks of 1000 bytes freed at once, 50 of 40 freed after 49 others, 7 of 5000 never.
cat >"$mix.c" <<'END'
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    static void *volatile block[64];

    for (int i = 0; i < 100; i++) {
        block[0] = malloc(1000);
        free(block[0]);
    }
    for (int i = 0; i < 50; i++)
        block[i] = calloc(4, 10);
    for (int i = 0; i < 50; i++)
        free(block[i]);
    for (int i = 0; i < 7; i++)
        block[i] = realloc(NULL, 5000);
    return fork() == 0 && !malloc(3000);
}
END
$CC -O0 -o "$mix.exe" "$mix.c" || echo "FAIL: compiling"
if BENCH_RECORD=$mix LD_PRELOAD=$bench/record.so "$mix.exe" >"$mix.log" 2>&1; then
    judge "a recording ends well" "$(cat "$mix.log")"
else
    echo "FAIL: a recording ends with another status than 0"
fi
for line in '1000 100 0 100$' '40 50 0( [0-9]+){7}$' '5000 7 7$'; do
    judge "there is a line $line" "$(grep -Eq "^$line" "$mix" || tail -n +7 "$mix" | tr '\n' ';')"
done
judge "a child of fork is not recorded" "$(grep '^3000 ' "$mix")"

replay() # replay: what does not depend on the clock
{
    "$bench/mix" --file "$mix" --ops 1000 2>&1 | tr ' ' '\n' | grep -E '^(ops|live_peak_(kb|blocks))='
}
first=$(replay)
judge "it can be replayed" "$(echo "$first" | grep -q '^live_peak_blocks=' || echo "$first")"
judge "twice the same" "$([ "$first" = "$(replay)" ] || echo "not the same")"

BENCH_RECORD=$SCRATCH/no/such/directory LD_PRELOAD=$bench/record.so "$mix.exe" >"$mix.log" 2>&1
judge "a file that cannot be written is named" "$(
    grep -q 'no/such/directory: No such' "$mix.log" || cat "$mix.log")"
exit 0
