/* SPDX-License-Identifier: MIT */
/* sharing.c - do blocks of two threads lie on one cache line? Then each write takes it from the other.
 *
 * Each thread has a few small blocks, writes to them very often, frees them and allocates them anew.
 * Active: the allocator puts blocks of different threads side by side by itself. Passive (--passive 1): the
 * first blocks come from the main thread, dealt out like cards; an allocator that hands a freed block to
 * whoever freed it last keeps the threads on the same lines for ever. */
#define _GNU_SOURCE
#include "threads.h"

#include <stdatomic.h>
#include <time.h>

enum { LINE = 64 };

static uint64_t threads = 2, blocks = 8, size = 16, writes = 500, passive = 0, before = 10000, ms = 300;
static atomic_int stopped;

struct worker {
    _Alignas(LINE) pthread_t thread;
    int processor;
    void **block;
    uint64_t rounds;
};

static void write_often(void **block)
{
    for (uint64_t i = 0; i < writes; i++)
        for (uint64_t b = 0; b < blocks; b++)
            ++*(volatile unsigned char *)block[b];
}

/* Each thread on a processor of its own as far as there are enough: two on one processor share its cache,
 * and a line costs nothing. */
static void spread_out(struct worker *workers)
{
    int processor = -1;
    cpu_set_t usable;

    if (sched_getaffinity(0, sizeof usable, &usable) || CPU_COUNT(&usable) == 0)
        bench_fail("cannot tell which processors there are");
    for (uint64_t t = 0; t < threads; t++) {
        do
            processor = (processor + 1) % CPU_SETSIZE;
        while (!CPU_ISSET(processor, &usable));
        workers[t].processor = processor;
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    void **block = worker->block;
    uint64_t rounds = 0;
    cpu_set_t own;

    CPU_ZERO(&own);
    CPU_SET(worker->processor, &own);
    pthread_setaffinity_np(pthread_self(), sizeof own, &own);
    for (; !atomic_load_explicit(&stopped, memory_order_relaxed); rounds++) {
        for (uint64_t b = 0; b < blocks; b++)
            free(block[b]);
        for (uint64_t b = 0; b < blocks; b++) {
            block[b] = bench_need(malloc(size));
            *(volatile unsigned char *)block[b] = 0;
        }
        write_often(block);
    }
    worker->rounds = rounds;
    return NULL;
}

/* Neighbours in memory go to different threads. Main has some blocks of its own already, as programs do:
 * the first ones of a process may be special. */
static void deal(struct worker *workers)
{
    for (uint64_t i = 0; i < before; i++)
        bench_touch(bench_need(malloc(size)), size);
    for (uint64_t b = 0; b < blocks; b++)
        for (uint64_t t = 0; t < threads; t++)
            workers[t].block[b] = bench_need(malloc(size));
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"threads", &threads, "threads"},
        {"blocks", &blocks, "blocks of each thread"},
        {"size", &size, "size of a block"},
        {"writes", &writes, "writes to each block before it is freed"},
        {"passive", &passive, "1: the first blocks are neighbours, from the main thread"},
        {"before", &before, "with --passive: blocks the main thread allocates first and keeps"},
        {"ms", &ms, "milliseconds to run"},
        {NULL, NULL, NULL},
    };
    struct worker *workers;
    uint64_t rounds = 0;

    bench_options(argc, argv, "Threads write to small blocks of their own; writes are counted.", options);
    bench_range("threads", threads, 1, BENCH_THREADS);
    bench_range("blocks", blocks, 1, 1000000);
    bench_range("size", size, 1, UINT32_MAX);
    bench_range("writes", writes, 1, UINT32_MAX);
    bench_range("passive", passive, 0, 1);
    bench_range("before", before, 0, 1000000000);
    bench_range("ms", ms, 1, 1000000);
    workers = bench_array(threads, sizeof *workers);
    for (uint64_t t = 0; t < threads; t++)
        workers[t].block = bench_array(blocks, sizeof *workers[t].block);
    spread_out(workers);
    if (passive)
        deal(workers);
    bench_begin();
    for (uint64_t t = 0; t < threads; t++)
        workers[t].thread = bench_thread(work, &workers[t]);
    nanosleep(&(struct timespec){(time_t)(ms / 1000), (long)(ms % 1000 * 1000000)}, NULL);
    atomic_store(&stopped, 1);
    for (uint64_t t = 0; t < threads; t++) {
        pthread_join(workers[t].thread, NULL);
        rounds += workers[t].rounds;
    }
    bench_end();
    bench_report("sharing", rounds * blocks * writes);
    return 0;
}
