/* SPDX-License-Identifier: MIT */
/* mixfile.h - histograms of sizes and lifetimes: read one, draw blocks from it. */
#ifndef BENCH_MIXFILE_H
#define BENCH_MIXFILE_H

#include "bench.h"

enum { MIX_NEVER = 255, MIX_AGES = 48, MIX_CELLS = 32768, MIX_COUNT = 1 << 30 };

/* Blocks of one size and age. Drawing takes one of the cells, all equally likely; CHANCE of 2^32 say
 * whether it is that one or its ALIAS. */
struct mix_cell {
    uint32_t size, chance;
    uint16_t alias;
    uint8_t age; /* bits of the number of allocations it survives, or MIX_NEVER */
};

struct mix {
    struct mix_cell *cells;
    uint64_t *weights;
    uint32_t cell_count;
    uint64_t count; /* blocks recorded */
};

/* Read file NAME; ends the program with a message if it is not a histogram. */
void mix_read(struct mix *mix, const char *name);

static inline uint16_t mix_draw(const struct mix *mix, uint64_t random)
{
    uint32_t cell = (uint32_t)((random >> 32) * mix->cell_count >> 32);

    return (uint16_t)((uint32_t)random < mix->cells[cell].chance ? cell : mix->cells[cell].alias);
}

/* Bucket 0: freed before the next allocation; then 1, 2 to 3, 4 to 7, ... */
static inline uint64_t mix_age(uint8_t bucket, uint64_t random)
{
    uint64_t least = bucket ? 1ull << (bucket - 1) : 0;

    return bucket ? least + (random >> 8 & (least - 1)) : 0;
}

#endif
