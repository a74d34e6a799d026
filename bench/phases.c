/* SPDX-License-Identifier: MIT */
/* phases.c - a program whose demand changes: many blocks of one range of sizes, most of them freed at
 * random, then blocks of other sizes, and so on. Can the memory of one phase serve the next one?
 *
 * What stays alive is known (live_kb); what is resident beyond that after each phase is waste. */
#include "bench.h"

#include <sys/mman.h>

static const struct range {
    size_t smallest, largest;
} ranges[] = {
    {24, 96}, {500, 1000}, {100, 300}, {4000, 32000}, {1000, 4000}, {16, 1039},
};

static uint64_t mb = 48, keep = 10, seed = 88172645463325252u;
static uint64_t calls, live;

static size_t size_in(const struct range *range)
{
    return range->smallest + (bench_random(&seed) >> 32) % (range->largest - range->smallest + 1);
}

/* Returns the number of blocks; the table is long enough for the smallest ones. */
static uint64_t fill(const struct range *range, void **table)
{
    uint64_t count = 0;

    for (uint64_t bytes = 0; bytes < mb << 20; count++) {
        size_t size = size_in(range);

        table[count] = bench_need(malloc(size));
        bench_touch(table[count], size);
        bytes += size;
    }
    live += (mb << 20) * keep / 100;
    return count;
}

/* Those that are never drawn stay, at the front of the table. */
static uint64_t free_most(void **table, uint64_t count)
{
    uint64_t kept = count * keep / 100;

    for (uint64_t left = count; left > kept; left--) {
        uint64_t drawn = (bench_random(&seed) >> 32) % left;

        free(table[drawn]);
        table[drawn] = table[left - 1];
    }
    return count - kept;
}

static void run_phase(unsigned phase)
{
    static const char *const keys[] = {
        "rss_phase1_kb", "rss_phase2_kb", "rss_phase3_kb", "rss_phase4_kb", "rss_phase5_kb", "rss_phase6_kb",
    };
    const struct range *range = &ranges[phase];
    uint64_t most = (mb << 20) / range->smallest + 1, count;
    void **table = bench_array(most, sizeof *table);

    count = fill(range, table);
    calls += count + free_most(table, count);
    munmap(table, most * sizeof *table);
    bench_note(keys[phase], bench_resident_kb());
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"mb", &mb, "MiB allocated in each of the six phases"},
        {"keep", &keep, "per cent of the blocks of a phase that stay to the end"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };

    bench_options(argc, argv,
                  "Six phases, each with other sizes; most blocks of a phase are freed at random.", options);
    bench_range("mb", mb, 1, 1 << 20);
    bench_range("keep", keep, 0, 100);
    bench_range("seed", seed, 1, UINT64_MAX);
    bench_begin();
    for (unsigned phase = 0; phase < sizeof ranges / sizeof *ranges; phase++)
        run_phase(phase);
    bench_end();
    bench_note("live_kb", live / 1024);
    bench_report("phases", calls);
    return 0;
}
