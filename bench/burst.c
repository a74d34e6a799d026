/* SPDX-License-Identifier: MIT */
/* burst.c - a server between its rushes: bursts of work on a large heap, then quiet phases with a request
 * now and then.
 *
 * A burst fills the heap with blocks of mixed sizes, replaces random ones for a while, then frees nearly all
 * in random order. A request of the quiet phase allocates and frees a few hundred blocks, then the program
 * sleeps. Speed is that of the bursts alone; resident memory is read at the end of each quiet phase, and
 * after a longer one at the end. */
#include "bench.h"

#include <time.h>

enum { PAGE = 4096, REQUEST = 200 };

static uint64_t rounds = 4, mb = 100, replace = 2500000, keep = 100, requests = 20, nap = 15, idle = 150;
static uint64_t seed = 88172645463325252u;
static uint64_t calls, held; /* calls of the bursts; blocks at the front of the table */
static void **table;

/* 16 to 1039 bytes; one block in 64 of 1 to 32 KiB, one in 2048 of 32 to 256 KiB: of the memory about 60,
 * 30 and 10 per cent. */
static size_t any_size(void)
{
    uint64_t random = bench_random(&seed);
    unsigned kind = random >> 52 & 2047;

    if (kind == 0)
        return (32 << 10) + (random >> 16) % (224 << 10);
    if (kind <= 32)
        return 1024 + (random >> 16) % (31 << 10);
    return bench_mixed_size(random);
}

static void *make(size_t size)
{
    char *block = bench_need(malloc(size));

    for (size_t i = 0; i < size; i += PAGE)
        bench_touch(block + i, 1);
    return block;
}

static uint64_t draw(uint64_t count)
{
    return (bench_random(&seed) >> 32) % count;
}

static void burst(void)
{
    uint64_t count = held, kept;

    for (uint64_t bytes = 0; bytes < mb << 20; count++) {
        size_t size = any_size();

        table[count] = make(size);
        bytes += size;
    }
    calls += count - held + 2 * replace;
    for (uint64_t i = 0; i < replace; i++) {
        void **drawn = &table[draw(count)];

        free(*drawn);
        *drawn = make(any_size());
    }
    kept = count / keep;
    calls += count - kept;
    for (; count > kept; count--) {
        uint64_t drawn = draw(count);

        free(table[drawn]);
        table[drawn] = table[count - 1];
    }
    held = kept;
}

static void quiet(uint64_t requests_now)
{
    void *block[REQUEST];

    for (uint64_t i = 0; i < requests_now; i++) {
        for (int b = 0; b < REQUEST; b++)
            block[b] = make(bench_mixed_size(bench_random(&seed)));
        for (int b = 0; b < REQUEST; b++)
            free(block[b]);
        nanosleep(&(struct timespec){(time_t)(nap / 1000), (long)(nap % 1000 * 1000000)}, NULL);
    }
}

static void run(void)
{
    uint64_t sum = 0;
    double cpu = 0;

    bench_begin();
    for (uint64_t i = 0; i < rounds; i++) {
        burst();
        bench_pause();
        cpu -= bench_cpu();
        quiet(requests);
        cpu += bench_cpu();
        sum += bench_resident_kb();
        bench_resume();
    }
    bench_end();
    bench_note("rss_quiet_kb", sum / rounds);
    quiet(idle);
    bench_note("rss_idle_kb", bench_resident_kb());
    bench_note("quiet_cpu_us", (uint64_t)(cpu * 1e6));
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"rounds", &rounds, "bursts, each followed by a quiet phase"},
        {"mb", &mb, "MiB allocated in a burst"},
        {"replace", &replace, "blocks replaced at random in a burst"},
        {"keep", &keep, "one block in this many outlives the burst"},
        {"requests", &requests, "requests in a quiet phase, each 200 blocks of 16 to 1039 bytes"},
        {"idle", &idle, "requests after the last burst: 2 seconds, if each is followed by 15 ms of sleep"},
        {"sleep", &nap, "milliseconds of sleep after each"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };

    bench_options(
        argc, argv,
        "Bursts of allocation, each followed by a quiet phase. Speed is that of the bursts;\n"
        "rss_quiet_kb is the mean at the ends of the quiet phases, quiet_cpu_us their processor time,\n"
        "rss_idle_kb is at the end of the longer one after them.",
        options);
    bench_range("rounds", rounds, 1, 10000);
    bench_range("mb", mb, 1, 1 << 20);
    bench_range("replace", replace, 0, UINT32_MAX);
    bench_range("keep", keep, 2, UINT32_MAX);
    bench_range("requests", requests, 0, 1000000);
    bench_range("idle", idle, 0, 1000000);
    bench_range("sleep", nap, 0, 1000000);
    bench_range("seed", seed, 1, UINT64_MAX);
    table =
        bench_array((mb << 20) / 16 * 2, sizeof *table); /* keep is 2 or more: no more than twice as many */
    run();
    bench_report("burst", calls);
    return 0;
}
