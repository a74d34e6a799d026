/* SPDX-License-Identifier: MIT */
/* pairs.c - allocate one block, write its first and last byte, free it; again and again.
 *
 * Runs for a given time, not a number of pairs: with 25 MB one allocator is a thousand times as fast as
 * another. */
#include "bench.h"

#include <malloc.h>

static uint64_t ms = 300, size = 64, zeroed = 0, align = 0, hold = 0;

enum kind { PLAIN, ZEROED, ALIGNED };

#define INLINE static inline __attribute__((always_inline))

INLINE void *allocate(enum kind kind)
{
    void *block = kind == PLAIN ? malloc(size) : kind == ZEROED ? calloc(1, size) : memalign(align, size);

    bench_touch(bench_need(block), size);
    return block;
}

/* HELD blocks stay alive: each is replaced in turn. Without them a block lives only until the next line. */
INLINE void repeat(enum kind kind, void **held, uint64_t pairs)
{
    for (uint64_t i = 0, turn = 0; i < pairs; i++) {
        if (!held) {
            free(allocate(kind));
        } else {
            free(held[turn]);
            held[turn] = allocate(kind);
            turn = turn + 1 < hold ? turn + 1 : 0;
        }
    }
}

/* The clock is read between batches; they grow until one takes about a sixteenth of the whole time. */
static uint64_t run(void **held)
{
    uint64_t done = 0, batch = 16;

    for (double elapsed = 0; elapsed * 1e3 < (double)ms; elapsed = bench_elapsed()) {
        if (elapsed * 16e3 < (double)ms && done)
            batch = done;
        if (align)
            repeat(ALIGNED, held, batch);
        else if (zeroed)
            repeat(ZEROED, held, batch);
        else
            repeat(PLAIN, held, batch);
        done += batch;
    }
    return done;
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"ms", &ms, "milliseconds to run"},
        {"size", &size, "size of a block"},
        {"zeroed", &zeroed, "1: calloc"},
        {"align", &align, "memalign with this alignment, 0: malloc"},
        {"hold", &hold, "blocks that stay alive, each replaced in turn"},
        {NULL, NULL, NULL},
    };
    void **held;
    uint64_t done;

    bench_options(argc, argv, "Allocate a block and free it.", options);
    bench_range("ms", ms, 1, 1000000);
    bench_range("size", size, 1, UINT64_MAX >> 1);
    bench_range("zeroed", zeroed, 0, 1);
    bench_range("hold", hold, 0, UINT32_MAX);
    if (align && (align > 1 << 30 || (align & (align - 1))))
        bench_refuse("--align wants 0 or a power of two up to 2^30");
    held = hold ? bench_array(hold, sizeof *held) : NULL;
    bench_begin();
    done = run(held);
    bench_end();
    bench_report("pairs", done);
    return 0;
}
