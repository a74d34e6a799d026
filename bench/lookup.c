/* SPDX-License-Identifier: MIT */
/* lookup.c - "is this pointer one of ours?": three ways to ask before anything is read through it.
 *
 * mincore asks the kernel each time. Hybrid is what the reports went over to: look at the byte before the
 * block, and ask the kernel only where that byte lies on another page. The class map is hak_owns() of the
 * library that is preloaded, and is left out without libhakmem. */
#define _GNU_SOURCE
#include "bench.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <time.h>

enum { PAGE = 4096 };

static uint64_t blocks = 8192, ops = 10000000;
static void **table;
static volatile int answer; /* or the compiler would not ask */

static int by_mincore(const void *block)
{
    unsigned char resident;

    return mincore((void *)((uintptr_t)block & -(uintptr_t)PAGE), 1, &resident) == 0;
}

static int by_hybrid(const void *block)
{
    if (((uintptr_t)block & (PAGE - 1)) == 0 && !by_mincore((const char *)block - 1))
        return 0;
    return ((const volatile unsigned char *)block)[-1] | 1;
}

/* Picoseconds a question, so that the result line can stay in whole numbers. */
static uint64_t time_lookup(int (*lookup)(const void *), uint64_t count)
{
    struct timespec from, to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    for (uint64_t i = 0; i < count; i++)
        answer = lookup(table[i % blocks]);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (uint64_t)(((double)(to.tv_sec - from.tv_sec) * 1e12 + (double)(to.tv_nsec - from.tv_nsec) * 1e3) /
                      (double)count);
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"blocks", &blocks, "blocks asked about in turn"},
        {"ops", &ops, "questions"},
        {NULL, NULL, NULL},
    };
    int (*owns)(const void *);

    bench_options(argc, argv, "Compare ways to tell whether a pointer is ours.", options);
    bench_range("blocks", blocks, 1, UINT32_MAX);
    bench_range("ops", ops, 100, UINT64_MAX);
    table = bench_array(blocks, sizeof *table);
    for (uint64_t i = 0; i < blocks; i++)
        table[i] = bench_need(malloc(64));
    *(void **)&owns = dlsym(RTLD_DEFAULT, "hak_owns");
    bench_begin();
    bench_note("mincore_ps", time_lookup(by_mincore, ops / 100));
    bench_note("hybrid_ps", time_lookup(by_hybrid, ops));
    if (owns)
        bench_note("classmap_ps", time_lookup(owns, ops));
    bench_end();
    bench_report("lookup", ops);
    return 0;
}
