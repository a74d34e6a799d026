/* SPDX-License-Identifier: MIT */
/* shift.c - a program that moves on to other data: each phase lives on other sizes.
 *
 * A phase frees what the one before it worked on, but for a remainder that stays to the end, allocates a
 * working set of its own sizes and replaces random blocks of it. Speed of each phase by processor time;
 * resident memory at its end, while the working set is alive, without the table of its blocks. */
#include "bench.h"

#include <sys/mman.h>

enum { PHASES = 6 };

static const struct range {
    size_t smallest, largest;
    const char *speed, *resident;
} ranges[PHASES] = {
    {16, 64, "phase1_kops", "rss_phase1_kb"},     {200, 600, "phase2_kops", "rss_phase2_kb"},
    {1024, 4096, "phase3_kops", "rss_phase3_kb"}, {8192, 32768, "phase4_kops", "rss_phase4_kb"},
    {200, 600, "phase5_kops", "rss_phase5_kb"},   {16, 64, "phase6_kops", "rss_phase6_kb"},
};

static uint64_t mb = 32, ops = 12000000, keep = 2, seed = 88172645463325252u;

/* The working set: blocks in use, and the room for them. */
static struct {
    void **block;
    uint64_t count, room;
} set;

static uint64_t draw(uint64_t count)
{
    return (bench_random(&seed) >> 32) % count;
}

static void *make(const struct range *range, size_t *size)
{
    void *block;

    *size = range->smallest + draw(range->largest - range->smallest + 1);
    block = bench_need(malloc(*size));
    bench_touch(block, *size);
    return block;
}

/* In random order; those that are never drawn stay. Returns the number of calls. */
static uint64_t leave(void)
{
    uint64_t kept = set.count * keep / 100, calls = set.count - kept;

    for (uint64_t left = set.count; left > kept; left--) {
        uint64_t drawn = draw(left);

        free(set.block[drawn]);
        set.block[drawn] = set.block[left - 1];
    }
    if (set.block)
        munmap(set.block, set.room * sizeof *set.block);
    set.block = NULL;
    set.count = 0;
    return calls;
}

static void enter(const struct range *range)
{
    size_t size;

    set.room = (mb << 20) / range->smallest + 1;
    set.block = bench_array(set.room, sizeof *set.block);
    for (uint64_t bytes = 0; bytes < mb << 20; bytes += size)
        set.block[set.count++] = make(range, &size);
}

/* Returns the number of calls. */
static uint64_t run_phase(const struct range *range)
{
    double begun = bench_cpu(), taken;
    uint64_t calls = leave();

    enter(range);
    for (uint64_t i = 0; i < ops / 2; i++) {
        void **drawn = &set.block[draw(set.count)];
        size_t size;

        free(*drawn);
        *drawn = make(range, &size);
    }
    calls += set.count + ops / 2 * 2;
    taken = bench_cpu() - begun;
    bench_note(range->speed, (uint64_t)((double)calls / (taken > 1e-9 ? taken : 1e-9) * 1e-3));
    return calls;
}

static uint64_t run(void)
{
    uint64_t calls = 0, sum = 0;

    bench_begin();
    for (int i = 0; i < PHASES; i++) {
        uint64_t resident;

        calls += run_phase(&ranges[i]);
        resident = bench_resident_kb() - set.count * sizeof *set.block / 1024;
        bench_note(ranges[i].resident, resident);
        sum += resident;
    }
    bench_end();
    bench_note("rss_phases_kb", sum / PHASES);
    bench_note("live_kb", mb * 1024 + mb * 1024 * keep / 100 * (PHASES - 1));
    return calls;
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"mb", &mb, "MiB of the working set of a phase"},
        {"ops", &ops, "calls that replace random blocks in each phase, half of them malloc, half free"},
        {"keep", &keep, "per cent of the blocks of a phase that stay to the end"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };
    uint64_t calls;

    bench_options(
        argc, argv,
        "Six phases, each with a working set of other sizes: 16 to 64 bytes, 200 to 600, 1 to 4 KiB,\n"
        "8 to 32 KiB, 200 to 600 bytes, 16 to 64. rss_phases_kb is the mean at their ends.",
        options);
    bench_range("mb", mb, 1, 1 << 20);
    bench_range("ops", ops, 0, UINT64_MAX >> 1);
    bench_range("keep", keep, 0, 100);
    bench_range("seed", seed, 1, UINT64_MAX);
    calls = run();
    bench_report("shift", calls);
    return 0;
}
