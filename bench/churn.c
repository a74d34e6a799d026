/* SPDX-License-Identifier: MIT */
/* churn.c - threads that start, allocate a few hundred blocks, free most of them and end.
 *
 * A few run at the same time; each leaves some of its blocks to the main thread, which frees them after
 * the end of the thread. An operation is the whole life of a thread. */
#include "threads.h"

static uint64_t ops = 8000, together = 2, blocks = 300, leave = 3;

enum { SAMPLE = 128 };

struct worker {
    pthread_t thread;
    uint64_t random;
    void **block;
};

/* One block in LEAVE is left to the main thread, at the front. */
static void *live(void *argument)
{
    struct worker *worker = argument;

    for (uint64_t i = 0; i < blocks; i++) {
        size_t size = bench_mixed_size(bench_random(&worker->random));

        worker->block[i] = bench_need(malloc(size));
        bench_touch(worker->block[i], size);
    }
    for (uint64_t i = blocks / leave; i < blocks; i++)
        free(worker->block[i]);
    return NULL;
}

static void run_together(struct worker *workers)
{
    for (uint64_t t = 0; t < together; t++)
        workers[t].thread = bench_thread(live, &workers[t]);
    for (uint64_t t = 0; t < together; t++) {
        pthread_join(workers[t].thread, NULL);
        for (uint64_t i = 0; i < blocks / leave; i++)
            free(workers[t].block[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"ops", &ops, "threads"},
        {"together", &together, "threads that run at the same time"},
        {"blocks", &blocks, "blocks each of them allocates, 16 to 1039 bytes"},
        {"leave", &leave, "one block in this many is freed by the main thread"},
        {NULL, NULL, NULL},
    };
    struct worker *workers;
    uint64_t done = 0;

    bench_options(argc, argv, "Start threads that allocate and free some blocks and end.", options);
    bench_range("ops", ops, 1, UINT32_MAX);
    bench_range("together", together, 1, BENCH_THREADS);
    bench_range("blocks", blocks, 1, UINT32_MAX);
    bench_range("leave", leave, 1, UINT64_MAX);
    workers = bench_array(together, sizeof *workers);
    for (uint64_t t = 0; t < together; t++) {
        workers[t].random = 88172645463325252u + t;
        workers[t].block = bench_array(blocks, sizeof *workers[t].block);
    }
    bench_begin();
    for (uint64_t turn = 0; done < ops; done += together, turn++) {
        run_together(workers);
        if (turn % SAMPLE == 0)
            bench_sample(done, ops);
    }
    bench_end();
    bench_report("churn", done);
    return 0;
}
