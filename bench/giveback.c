/* SPDX-License-Identifier: MIT */
/* giveback.c - after a burst: how soon does memory that was freed go back to the system?
 *
 * A burst of small blocks and some larger ones, all freed; then the program goes on with a few small blocks
 * for a while, then it sleeps. Resident memory is read after each step. Only the burst is timed. */
#include "bench.h"

#include <malloc.h>
#include <time.h>

enum { SLOTS = 256, LARGER_EVERY = 256 };

static uint64_t mb = 200, work = 100, idle = 200, seed = 88172645463325252u;

/* One block in 256 has 4 to 260 KiB: a third of the memory. */
static uint64_t burst(void **table)
{
    uint64_t count = 0;

    for (uint64_t bytes = 0; bytes < mb << 20; count++) {
        uint64_t random = bench_random(&seed);
        size_t size = count % LARGER_EVERY ? bench_mixed_size(random) : 4096 + (random >> 32) % (256 << 10);

        table[count] = bench_need(malloc(size));
        for (size_t i = 0; i < size; i += 4096)
            bench_touch((char *)table[count] + i, 1);
        bytes += size;
    }
    return count;
}

/* For WORK milliseconds, by the clock; returns the number of steps. */
static uint64_t small_work(void)
{
    static void *slot[SLOTS];
    uint64_t steps = 0;

    for (double until = bench_elapsed() + (double)work * 1e-3; bench_elapsed() < until;) {
        for (int i = 0; i < 1000; i++, steps++) {
            uint64_t random = bench_random(&seed);
            void **one = &slot[(random >> 32) % SLOTS];

            if (*one) {
                free(*one);
                *one = NULL;
            } else {
                *one = bench_need(malloc(bench_mixed_size(random)));
                bench_touch(*one, 16);
            }
        }
    }
    return steps;
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"mb", &mb, "MiB of the burst"},
        {"work", &work, "milliseconds of small work after it"},
        {"idle", &idle, "milliseconds of sleep after that"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };
    void **table;
    uint64_t count;

    bench_options(argc, argv, "Allocate a lot, free it all, go on with little: what stays resident?",
                  options);
    bench_range("mb", mb, 1, 1 << 20);
    bench_range("work", work, 0, 1000000);
    bench_range("idle", idle, 0, 1000000);
    bench_range("seed", seed, 1, UINT64_MAX);
    table = bench_array((mb << 20) / 16 + 1, sizeof *table);
    bench_begin();
    count = burst(table);
    bench_note("rss_full_kb", bench_resident_kb());
    for (uint64_t i = 0; i < count; i++)
        free(table[i]);
    bench_end();
    bench_note("rss_freed_kb", bench_resident_kb());
    bench_note("work_ops", small_work());
    bench_note("rss_work_kb", bench_resident_kb());
    nanosleep(&(struct timespec){(time_t)(idle / 1000), (long)(idle % 1000 * 1000000)}, NULL);
    bench_note("rss_idle_kb", bench_resident_kb());
    malloc_trim(0);
    bench_note("rss_trimmed_kb", bench_resident_kb());
    bench_report("giveback", 2 * count);
    return 0;
}
