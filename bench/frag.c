/* SPDX-License-Identifier: MIT */
/* frag.c - many small blocks, nearly all of them freed in random order: what stays resident?
 *
 * The table of pointers (8 bytes a block) is resident from the first to the last reading. */
#include "bench.h"

#include <malloc.h>

static uint64_t blocks = 300000, smallest = 64, largest = 575, keep = 1000, seed = 88172645463325252u;

static void allocate_all(void **table)
{
    for (uint64_t i = 0; i < blocks; i++) {
        size_t size = smallest + (bench_random(&seed) >> 32) % (largest - smallest + 1);

        table[i] = bench_need(malloc(size));
        bench_touch(table[i], size);
    }
}

/* Shuffles in place while it frees: no second table. The blocks kept are those never drawn. */
static void free_most(void **table)
{
    for (uint64_t left = blocks; left > blocks / keep; left--) {
        uint64_t drawn = (bench_random(&seed) >> 32) % left;

        free(table[drawn]);
        table[drawn] = table[left - 1];
    }
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"blocks", &blocks, "number of blocks"}, {"smallest", &smallest, "smallest block"},
        {"largest", &largest, "largest block"},  {"keep", &keep, "one block in this many is kept"},
        {"seed", &seed, "seed, not 0"},          {NULL, NULL, NULL},
    };
    void **table;

    bench_options(argc, argv, "Allocate small blocks, free nearly all, read resident memory.", options);
    bench_range("blocks", blocks, 1, UINT32_MAX);
    bench_range("smallest", smallest, 1, UINT32_MAX);
    bench_range("largest", largest, smallest, UINT32_MAX);
    bench_range("keep", keep, 1, UINT64_MAX);
    bench_range("seed", seed, 1, UINT64_MAX);
    table = bench_array(blocks, sizeof *table);
    bench_begin();
    allocate_all(table);
    bench_note("rss_full_kb", bench_resident_kb());
    free_most(table);
    bench_note("rss_freed_kb", bench_resident_kb());
    bench_end();
    malloc_trim(0);
    bench_note("rss_trimmed_kb", bench_resident_kb());
    bench_report("frag", 2 * blocks);
    return 0;
}
