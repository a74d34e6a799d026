/* SPDX-License-Identifier: MIT */
/* fastpath.c - warm pairs of malloc and free and nothing else, to be run under callgrind.
 *
 * bench/compare runs it with N and with 2 N pairs; what the second run executes more outside of this program
 * is what N pairs cost, whatever start-up and symbol lookup took. */
#include "bench.h"

static uint64_t pairs = 100000, size = 64;

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"pairs", &pairs, "pairs of malloc and free"},
        {"size", &size, "size of a block"},
        {NULL, NULL, NULL},
    };

    bench_options(argc, argv, "Allocate and free one block, warm.", options);
    bench_range("pairs", pairs, 1, UINT64_MAX / 2);
    bench_range("size", size, 1, UINT32_MAX);
    bench_begin();
    for (uint64_t i = 0; i < pairs + 1000; i++) {
        void *block = malloc(size);

        *(volatile char *)block = 1;
        free(block);
    }
    bench_end();
    bench_report("fastpath", pairs);
    return 0;
}
