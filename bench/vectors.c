/* SPDX-License-Identifier: MIT */
/* vectors.c - many small vectors that grow by doubling: the containers and strings of a program.
 *
 * A step doubles a vector drawn at random with realloc, copies of what it held and all; one that would
 * grow beyond --last is freed and begins again. Each vector holds its own number, so that a lost byte
 * shows. */
#include "bench.h"

static uint64_t vectors = 2000, first = 16, last = 4096, ops = 6000000, seed = 88172645463325252u;

struct vector {
    unsigned char *data;
    size_t size;
};

static void step(struct vector *vector, unsigned char number)
{
    if (vector->size * 2 > last) {
        free(vector->data);
        vector->data = NULL;
        vector->size = 0;
    }
    vector->size = vector->size ? vector->size * 2 : first;
    vector->data = bench_need(realloc(vector->data, vector->size));
    if (vector->size > first && vector->data[vector->size / 2 - 1] != number)
        bench_fail("the contents of a vector are lost");
    *(volatile unsigned char *)vector->data = number;
    vector->data[vector->size - 1] = number;
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"vectors", &vectors, "vectors"},
        {"first", &first, "first size of a vector"},
        {"last", &last, "no vector grows beyond this"},
        {"ops", &ops, "steps, each a realloc"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };
    struct vector *table;

    bench_options(argc, argv, "Grow many small vectors with realloc, drop those that are large enough.",
                  options);
    bench_range("vectors", vectors, 1, UINT32_MAX);
    bench_range("first", first, 1, UINT32_MAX);
    bench_range("last", last, first, UINT32_MAX);
    bench_range("ops", ops, 1, UINT64_MAX);
    bench_range("seed", seed, 1, UINT64_MAX);
    table = bench_array(vectors, sizeof *table);
    bench_begin();
    for (uint64_t i = 0; i < ops; i++) {
        uint64_t drawn = (bench_random(&seed) >> 32) % vectors;

        step(&table[drawn], (unsigned char)drawn);
    }
    bench_end();
    bench_report("vectors", ops);
    return 0;
}
