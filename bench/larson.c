/* SPDX-License-Identifier: MIT */
/* larson.c - a server: threads that replace random blocks and hand what they hold to a successor.
 *
 * Each of --threads chains owns an array of blocks. A thread of the chain replaces random blocks of it,
 * then starts the next thread, leaves it the array and ends; most blocks are freed by another thread than
 * the one that allocated them, and threads come and go all the time. */
#include "threads.h"

#include <semaphore.h>

static uint64_t threads = 1, ops = 10000000, blocks = 5000, term = 50000, smallest = 8, largest = 1000;

struct chain {
    void **block;
    uint64_t random, left;
    int sampled; /* this chain notes resident memory */
};

static sem_t chains_done;
static pthread_attr_t detached;

static void replace(struct chain *chain, uint64_t index)
{
    size_t size = smallest + (bench_random(&chain->random) >> 32) % (largest - smallest + 1);

    free(chain->block[index]);
    chain->block[index] = bench_need(malloc(size));
    bench_touch(chain->block[index], size);
}

static void start_next(struct chain *chain);

static void *serve(void *argument)
{
    struct chain *chain = argument;
    uint64_t count = chain->left < term ? chain->left : term;

    for (uint64_t i = 0; i < count; i++)
        replace(chain, (bench_random(&chain->random) >> 32) % blocks);
    chain->left -= count;
    if (chain->sampled)
        bench_sample(ops - chain->left, ops);
    start_next(chain);
    return NULL;
}

static void start_next(struct chain *chain)
{
    pthread_t thread;

    if (!chain->left)
        sem_post(&chains_done);
    else if (pthread_create(&thread, &detached, serve, chain))
        bench_fail("cannot create a thread");
}

/* The first blocks come from the main thread, one chain after the other: neighbours in memory belong to the
 * same chain, mostly, so that the chains do not slow each other down by sharing cache lines. */
static void fill(struct chain *chains)
{
    for (uint64_t t = 0; t < threads; t++) {
        chains[t].block = bench_array(blocks, sizeof(void *));
        chains[t].random = 88172645463325252u + t;
        chains[t].left = ops;
    }
    chains[0].sampled = 1;
    for (uint64_t t = 0; t < threads; t++)
        for (uint64_t i = 0; i < blocks; i++)
            replace(&chains[t], i);
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"threads", &threads, "chains that run at the same time"},
        {"ops", &ops, "replacements of each chain, each a free and a malloc"},
        {"blocks", &blocks, "blocks a chain holds"},
        {"term", &term, "replacements until a thread hands over"},
        {"smallest", &smallest, "smallest block"},
        {"largest", &largest, "largest block"},
        {NULL, NULL, NULL},
    };
    struct chain *chains;

    bench_options(argc, argv, "Threads replace random blocks and hand their array to a new thread.", options);
    bench_range("threads", threads, 1, BENCH_THREADS);
    bench_range("ops", ops, 1, UINT64_MAX / BENCH_THREADS);
    bench_range("blocks", blocks, 1, UINT32_MAX);
    bench_range("term", term, 1, UINT64_MAX);
    bench_range("smallest", smallest, 1, UINT32_MAX);
    bench_range("largest", largest, smallest, UINT32_MAX);
    sem_init(&chains_done, 0, 0);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    chains = bench_array(threads, sizeof *chains);
    fill(chains);
    bench_begin();
    for (uint64_t t = 0; t < threads; t++)
        start_next(&chains[t]);
    for (uint64_t t = 0; t < threads; t++)
        while (sem_wait(&chains_done))
            continue;
    bench_end();
    bench_report("larson", ops * threads);
    return 0;
}
