/* SPDX-License-Identifier: MIT */
/* random_mixed.c - random slots: each step frees a full slot or fills an empty one.
 *
 * The workload of the reports libhakmem comes from. About half of the slots are full once warm. With
 * --threads each thread has slots of its own, so that threads meet in the allocator only. */
#include "threads.h"

static uint64_t slots = 256, ops = 10000000, warm = 0, seed = 88172645463325252u, tied = 0;
static uint64_t threads = 0;
static void **table;

struct worker {
    _Alignas(64) pthread_t thread;
    void **table;
    uint64_t random, ops;
};

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

/* The same for one of several threads. */
static void *work(void *argument)
{
    struct worker *worker = argument;
    void **own = worker->table;
    uint64_t state = worker->random;

    for (uint64_t i = 0; i < worker->ops; i++) {
        uint64_t random = bench_random(&state);
        void **slot = &own[(uint32_t)(random >> 32) % (uint32_t)slots];

        if (*slot) {
            free(*slot);
            *slot = NULL;
        } else {
            size_t size = bench_mixed_size(random);

            *slot = bench_need(malloc(size));
            bench_touch(*slot, size);
        }
    }
    return NULL;
}

static void run_threads(void)
{
    struct worker *workers = bench_array(threads, sizeof *workers);

    for (uint64_t t = 0; t < threads; t++) {
        workers[t].table = bench_array(slots, sizeof *workers[t].table);
        workers[t].random = seed + t * 0x9e3779b97f4a7c15u;
        workers[t].random += !workers[t].random;
        workers[t].ops = ops / threads + (t < ops % threads);
    }
    bench_begin();
    for (uint64_t t = 0; t < threads; t++)
        workers[t].thread = bench_thread(work, &workers[t]);
    for (uint64_t t = 0; t < threads; t++)
        pthread_join(workers[t].thread, NULL);
    bench_end();
}

/* Kept out of main, so that the loop there is compiled as if there were nothing else. */
static __attribute__((noinline)) void read_options(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"slots", &slots, "number of slots"},
        {"ops", &ops, "steps, each a malloc or a free, of all threads together"},
        {"warm", &warm, "steps before the clock is started"},
        {"tied", &tied, "1: slot and size from the same random bits"},
        {"threads", &threads, "threads, each with slots of its own; 0: the main thread alone"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };

    bench_options(argc, argv, "Free a full slot or fill an empty one with 16 to 1039 bytes, at random.",
                  options);
    bench_range("slots", slots, 1, UINT32_MAX);
    bench_range("ops", ops, 1, UINT64_MAX);
    bench_range("threads", threads, 0, BENCH_THREADS);
    bench_range("seed", seed, 1, UINT64_MAX);
    if (threads && (warm || tied))
        bench_refuse("--warm and --tied are for the main thread alone");
    if (threads) {
        run_threads();
        bench_report("random_mixed", ops);
        exit(0);
    }
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
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
