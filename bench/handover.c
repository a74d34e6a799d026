/* SPDX-License-Identifier: MIT */
/* handover.c - one thread only allocates, another only frees.
 *
 * With --batch 0 both run at the same time with a ring between them. With --batch N the main thread
 * allocates N blocks and a new thread, which does nothing else, frees them and ends. */
#include "threads.h"

#include <stdatomic.h>

enum { RING = 4096, PUBLISH = 32, SAMPLE = 1 << 16 };

static uint64_t ops = 10000000, size = 64, batch = 0;
static uint64_t random_state = 88172645463325252u;

/* Counters are published every PUBLISH blocks, or the bouncing of their cache lines would be all there is
 * to measure. */
static _Alignas(64) _Atomic uint64_t sent;
static _Alignas(64) _Atomic uint64_t received;
static _Alignas(64) void *ring[RING];

static void *make(void)
{
    size_t bytes = size ? size : bench_mixed_size(bench_random(&random_state));
    void *block = bench_need(malloc(bytes));

    bench_touch(block, bytes);
    return block;
}

/* Wait until COUNTER has reached GOAL; return its value. */
static uint64_t wait_for(_Atomic uint64_t *counter, uint64_t goal)
{
    uint64_t now;
    unsigned turns = 0;

    while ((now = atomic_load_explicit(counter, memory_order_acquire)) < goal)
        bench_wait(&turns);
    return now;
}

static void publish(_Atomic uint64_t *counter, uint64_t value)
{
    if (value % PUBLISH == 0 || value == ops)
        atomic_store_explicit(counter, value, memory_order_release);
}

static void *consume(void *unused)
{
    uint64_t available = 0;

    (void)unused;
    for (uint64_t i = 0; i < ops; i++) {
        if (i == available)
            available = wait_for(&sent, i + 1);
        free(ring[i % RING]);
        publish(&received, i + 1);
    }
    return NULL;
}

static void produce(void)
{
    uint64_t room = RING;

    for (uint64_t i = 0; i < ops; i++) {
        if (i == room)
            room = wait_for(&received, i + 1 - RING) + RING;
        ring[i % RING] = make();
        publish(&sent, i + 1);
        if (i % SAMPLE == 0)
            bench_sample(i, ops);
    }
}

static void *free_batch(void *argument)
{
    void **blocks = argument;

    for (uint64_t i = 0; i < batch; i++)
        free(blocks[i]);
    return NULL;
}

static void run_batches(void)
{
    void **blocks = bench_array(batch, sizeof *blocks);

    for (uint64_t done = 0; done < ops; done += batch) {
        for (uint64_t i = 0; i < batch; i++)
            blocks[i] = make();
        pthread_join(bench_thread(free_batch, blocks), NULL);
        bench_sample(done, ops);
    }
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"ops", &ops, "blocks handed over"},
        {"size", &size, "size of a block, 0: mixed, 16 to 1039"},
        {"batch", &batch, "blocks freed by one thread that then ends, 0: a ring and one thread"},
        {NULL, NULL, NULL},
    };

    bench_options(argc, argv, "One thread allocates blocks, another one frees them.", options);
    bench_range("ops", ops, 1, UINT64_MAX >> 1);
    bench_range("size", size, 0, UINT32_MAX);
    bench_range("batch", batch, 0, UINT32_MAX);
    bench_begin();
    if (batch) {
        ops = (ops + batch - 1) / batch * batch;
        run_batches();
    } else {
        pthread_t consumer = bench_thread(consume, NULL);

        produce();
        pthread_join(consumer, NULL);
    }
    bench_end();
    bench_report("handover", ops);
    return 0;
}
