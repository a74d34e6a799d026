/* SPDX-License-Identifier: MIT */
/* first_touch.c - a heap that only grows: small blocks, written to and never freed.
 *
 * Each page is touched for the first time, so that most of the work is the kernel's: what counts is how an
 * allocator asks for memory, and how much of it beyond what the program wanted. */
#include "bench.h"

static uint64_t mb = 1024, smallest = 16, largest = 1039, seed = 88172645463325252u;

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"mb", &mb, "MiB to allocate"},
        {"smallest", &smallest, "smallest block"},
        {"largest", &largest, "largest block, a page at most"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };
    uint64_t blocks = 0;

    bench_options(argc, argv, "Allocate and touch small blocks without ever freeing one.", options);
    bench_range("mb", mb, 1, 1 << 24);
    bench_range("smallest", smallest, 1, 4096);
    bench_range("largest", largest, smallest, 4096);
    bench_range("seed", seed, 1, UINT64_MAX);
    bench_begin();
    for (uint64_t bytes = 0; bytes < mb << 20; blocks++) {
        size_t size = smallest + (bench_random(&seed) >> 32) % (largest - smallest + 1);
        void *block = bench_need(malloc(size));

        bench_touch(block, size);
        bytes += size;
    }
    bench_end();
    bench_note("live_kb", mb << 10);
    bench_report("first_touch", blocks);
    return 0;
}
