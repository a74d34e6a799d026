/* SPDX-License-Identifier: MIT */
/* large.c - large blocks of random sizes, a handful alive: pictures, matrices, buffers of whole files.
 *
 * Each step replaces one of them by one of another size. Runs for a given time: a factor of a hundred lies
 * between an allocator that keeps such memory and one that asks the system each time. */
#include "bench.h"

enum { PAGE = 4096 };

static uint64_t slots = 8, smallest = 1 << 20, largest = 64 << 20, pages = 1, ms = 400;
static uint64_t seed = 88172645463325252u;

static void *make(void)
{
    size_t size = smallest + (bench_random(&seed) >> 20) % (largest - smallest + 1);
    char *block = bench_need(malloc(size));

    if (pages)
        for (size_t i = 0; i < size; i += PAGE)
            *(volatile char *)&block[i] = 1;
    bench_touch(block, size);
    return block;
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"slots", &slots, "blocks alive"},
        {"smallest", &smallest, "smallest block"},
        {"largest", &largest, "largest block"},
        {"pages", &pages, "1: write to each page, 0: to the first and the last byte only"},
        {"ms", &ms, "milliseconds to run"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };
    uint64_t done = 0;
    void **table;

    bench_options(argc, argv, "Replace large blocks by others of random size.", options);
    bench_range("slots", slots, 1, UINT32_MAX);
    bench_range("smallest", smallest, 1, UINT64_MAX >> 24);
    bench_range("largest", largest, smallest, UINT64_MAX >> 24);
    bench_range("pages", pages, 0, 1);
    bench_range("ms", ms, 1, 1000000);
    bench_range("seed", seed, 1, UINT64_MAX);
    table = bench_array(slots, sizeof *table);
    bench_begin();
    do {
        void **slot = &table[(bench_random(&seed) >> 32) % slots];

        free(*slot);
        *slot = make();
        done++;
    } while (bench_elapsed() * 1e3 < (double)ms);
    bench_end();
    bench_report("large", done);
    return 0;
}
