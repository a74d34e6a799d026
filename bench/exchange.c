/* SPDX-License-Identifier: MIT */
/* exchange.c - threads allocate blocks and hand them to others, which free them.
 *
 * Some only allocate and others only free (--producers, --consumers), or all stand in a circle and each
 * hands its blocks to the next one (--circle; two threads: both directions at once). Runs for a given time:
 * allocators differ by a factor of ten. */
#include "threads.h"

#include <stdatomic.h>
#include <time.h>

enum { RING = 1024, BATCH = 32, SLICES = 64 };

static uint64_t producers = 1, consumers = 1, circle = 0, size = 0, ms = 400;
static atomic_int stopped;

/* One thread puts blocks in, another one takes them out; counters are published once for each batch. */
struct ring {
    _Alignas(64) _Atomic uint64_t sent;
    atomic_int closed;
    _Alignas(64) _Atomic uint64_t received;
    _Alignas(64) void *block[RING];
};

struct worker {
    pthread_t thread;
    uint64_t random, freed;
    struct ring **from, **to;
    unsigned from_count, to_count, turn;
};

static void *make(struct worker *worker)
{
    size_t bytes = size ? size : bench_mixed_size(bench_random(&worker->random));
    void *block = bench_need(malloc(bytes));

    bench_touch(block, bytes);
    return block;
}

/* Returns the number of blocks sent: 0 if the ring has no room for a batch. */
static unsigned send_batch(struct worker *worker, struct ring *ring)
{
    uint64_t sent = atomic_load_explicit(&ring->sent, memory_order_relaxed);

    if (sent + BATCH - atomic_load_explicit(&ring->received, memory_order_acquire) > RING)
        return 0;
    for (unsigned i = 0; i < BATCH; i++)
        ring->block[(sent + i) % RING] = make(worker);
    atomic_store_explicit(&ring->sent, sent + BATCH, memory_order_release);
    return BATCH;
}

/* Each of the rings in turn; one that is full is passed over. */
static unsigned send_somewhere(struct worker *worker)
{
    for (unsigned i = 0; i < worker->to_count; i++) {
        struct ring *ring = worker->to[worker->turn++ % worker->to_count];

        if (send_batch(worker, ring))
            return BATCH;
    }
    return 0;
}

static unsigned receive_batch(struct worker *worker, struct ring *ring)
{
    uint64_t received = atomic_load_explicit(&ring->received, memory_order_relaxed);

    if (received == atomic_load_explicit(&ring->sent, memory_order_acquire))
        return 0;
    for (unsigned i = 0; i < BATCH; i++)
        free(ring->block[(received + i) % RING]);
    atomic_store_explicit(&ring->received, received + BATCH, memory_order_release);
    worker->freed += BATCH;
    return BATCH;
}

static void close_rings(struct worker *worker)
{
    for (unsigned i = 0; i < worker->to_count; i++)
        atomic_store_explicit(&worker->to[i]->closed, 1, memory_order_release);
    worker->to_count = 0;
}

/* Nothing will come any more; asked before the last look into the rings. */
static int all_closed(const struct worker *worker)
{
    for (unsigned i = 0; i < worker->from_count; i++)
        if (!atomic_load_explicit(&worker->from[i]->closed, memory_order_acquire))
            return 0;
    return worker->to_count == 0;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    unsigned turns = 0;

    for (;;) {
        int last;
        unsigned moved;

        if (atomic_load_explicit(&stopped, memory_order_relaxed))
            close_rings(worker);
        last = all_closed(worker);
        moved = send_somewhere(worker);
        for (unsigned i = 0; i < worker->from_count; i++)
            moved += receive_batch(worker, worker->from[i]);
        if (moved)
            turns = 0;
        else if (last)
            return NULL;
        else
            bench_wait(&turns);
    }
}

static void connect(struct worker *from, struct worker *to, struct ring *ring)
{
    from->to[from->to_count++] = ring;
    to->from[to->from_count++] = ring;
}

static struct worker *make_workers(uint64_t count)
{
    struct worker *workers = bench_array(count, sizeof *workers);
    struct ring *rings = bench_array(circle ? circle : producers * consumers, sizeof *rings);

    for (uint64_t i = 0; i < count; i++) {
        workers[i].random = 88172645463325252u + i;
        workers[i].from = bench_array(count, sizeof *workers[i].from);
        workers[i].to = bench_array(count, sizeof *workers[i].to);
    }
    for (uint64_t i = 0; i < circle; i++)
        connect(&workers[i], &workers[(i + 1) % count], rings++);
    if (!circle)
        for (uint64_t p = 0; p < producers; p++)
            for (uint64_t c = 0; c < consumers; c++)
                connect(&workers[p], &workers[producers + c], rings++);
    return workers;
}

/* Resident memory is noted now and then, so that growth shows. */
static void let_run(void)
{
    for (uint64_t slice = 0; slice < SLICES; slice++) {
        uint64_t part = ms * 1000000 / SLICES;

        nanosleep(&(struct timespec){(time_t)(part / 1000000000), (long)(part % 1000000000)}, NULL);
        bench_sample(slice, SLICES);
    }
    atomic_store(&stopped, 1);
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"producers", &producers, "threads that only allocate"},
        {"consumers", &consumers, "threads that only free"},
        {"circle", &circle, "instead: threads that each allocate for the next one, 2: both directions"},
        {"size", &size, "size of a block, 0: mixed, 16 to 1039"},
        {"ms", &ms, "milliseconds to run"},
        {NULL, NULL, NULL},
    };
    struct worker *workers;
    uint64_t count, freed = 0;

    bench_options(argc, argv, "Threads hand blocks to other threads, which free them.", options);
    bench_range("producers", producers, 1, BENCH_THREADS);
    bench_range("consumers", consumers, 1, BENCH_THREADS);
    bench_range("circle", circle, 0, BENCH_THREADS);
    bench_range("size", size, 0, UINT32_MAX);
    bench_range("ms", ms, 1, 1000000);
    count = circle ? circle : producers + consumers;
    workers = make_workers(count);
    bench_begin();
    for (uint64_t i = 0; i < count; i++)
        workers[i].thread = bench_thread(work, &workers[i]);
    let_run();
    for (uint64_t i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        freed += workers[i].freed;
    }
    bench_end();
    bench_report("exchange", freed);
    return 0;
}
