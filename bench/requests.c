/* SPDX-License-Identifier: MIT */
/* requests.c - the other ways to ask for a block: aligned ones, zeroed ones, of mixed sizes.
 *
 * As random_mixed: a step frees a full slot or fills an empty one. Small sizes are as likely as large ones:
 * each power of two has the same share. What comes back is checked; blocks that are not aligned as demanded
 * are counted. */
#include "bench.h"

static uint64_t slots = 4096, ops = 5000000, smallest = 16, largest = 4096, align = 0,
                seed = 88172645463325252u;
static uint64_t misaligned;
static unsigned powers; /* of two, from smallest to largest */

static size_t draw_size(uint64_t random)
{
    size_t base = smallest << (random >> 8) % powers;
    size_t size = base + (random >> 32) % base;

    return size < largest ? size : largest;
}

static void *zeroed(uint64_t random)
{
    size_t size = draw_size(random);
    unsigned char *block = bench_need(calloc(1, size));

    if (block[0] | block[size / 2] | block[size - 1])
        bench_fail("calloc: a block that is not zero");
    bench_touch(block, size);
    block[size / 2] = 3;
    return block;
}

/* 16 to --align; one call in two is posix_memalign, the other one aligned_alloc, which takes multiples of the
 * alignment only. */
static void *aligned(uint64_t random)
{
    unsigned alignments = (unsigned)__builtin_ctzll(align) - 3;
    size_t alignment = (size_t)16 << (random & 63) % alignments, size = draw_size(random);
    void *block = NULL;

    if (random & 64) {
        size = (size + alignment - 1) & -alignment;
        block = aligned_alloc(alignment, size);
    } else if (posix_memalign(&block, alignment, size)) {
        block = NULL;
    }
    misaligned += (uintptr_t)bench_need(block) % alignment != 0;
    bench_touch(block, size);
    return block;
}

static void step(void **table, uint64_t random)
{
    void **slot = &table[(random >> 16) % slots];
    uint64_t other = bench_random(&seed);

    if (*slot) {
        free(*slot);
        *slot = NULL;
    } else {
        *slot = align ? aligned(other) : zeroed(other);
    }
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"slots", &slots, "number of slots"},
        {"ops", &ops, "steps"},
        {"smallest", &smallest, "smallest block"},
        {"largest", &largest, "largest block"},
        {"align", &align, "aligned blocks, of 16 to this, a power of two; 0: calloc"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };
    void **table;

    bench_options(argc, argv, "Free a full slot or fill an empty one with calloc or an aligned block.",
                  options);
    bench_range("slots", slots, 1, UINT32_MAX);
    bench_range("ops", ops, 1, UINT64_MAX);
    bench_range("smallest", smallest, 1, UINT32_MAX);
    bench_range("largest", largest, smallest, UINT32_MAX);
    bench_range("seed", seed, 1, UINT64_MAX);
    if (align && (align < 16 || align > 1 << 30 || (align & (align - 1))))
        bench_refuse("--align wants 0 or a power of two from 16 to 2^30");
    for (powers = 1; smallest << powers <= largest; powers++)
        continue;
    table = bench_array(slots, sizeof *table);
    bench_begin();
    for (uint64_t i = 0; i < ops; i++)
        step(table, bench_random(&seed));
    bench_end();
    if (align)
        bench_note("misaligned", misaligned);
    bench_report("requests", ops);
    return 0;
}
