/* SPDX-License-Identifier: MIT */
/* random_mixed.c - random slots: each step frees a full slot or fills an empty one.
 *
 * The workload of the reports libhakmem comes from. About half of the slots are full once warm. */
#include "bench.h"

static uint64_t slots = 256, ops = 10000000, warm = 0, seed = 88172645463325252u, tied = 0;
static void **table;

/* The reports took slot and size from the same 32 bits (--tied 1); a slot then always gets the same few
 * sizes. By default they come from different bits. */
static inline void step(uint64_t random)
{
    void **slot = &table[(uint32_t)(tied ? random : random >> 32) % (uint32_t)slots];

    if (*slot) {
        free(*slot);
        *slot = NULL;
    } else {
        size_t size = bench_mixed_size(random);

        *slot = bench_need(malloc(size));
        bench_touch(*slot, size);
    }
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"slots", &slots, "number of slots"},
        {"ops", &ops, "steps, each a malloc or a free"},
        {"warm", &warm, "steps before the clock is started"},
        {"tied", &tied, "1: slot and size from the same random bits"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };

    bench_options(argc, argv, "Free a full slot or fill an empty one with 16 to 1039 bytes, at random.",
                  options);
    if (!slots || slots > UINT32_MAX || !seed)
        bench_fail("--slots wants 1 to 2^32-1, --seed not 0");
    table = bench_pages(slots * sizeof *table);
    for (uint64_t i = 0; i < warm; i++)
        step(bench_random(&seed));
    bench_begin();
    for (uint64_t i = 0; i < ops; i++)
        step(bench_random(&seed));
    bench_end();
    bench_report("random_mixed", ops);
    return 0;
}
