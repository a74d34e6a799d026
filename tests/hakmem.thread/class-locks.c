/* SPDX-License-Identifier: MIT */
/* How often the lock of a class is taken for a thousand blocks, by the counter that hakmem stat shows:
 * threads that hand blocks to others, in few and in many sizes, and threads that come and go. */
/* { dg-link preload } */
/* { dg-variant "-DPRODUCERS=1 -DCONSUMERS=1 -DMOST=5" } */
/* { dg-variant "-DPRODUCERS=3 -DCONSUMERS=1 -DMOST=5" } */
/* { dg-variant "-DPRODUCERS=1 -DCONSUMERS=3 -DMOST=5" } */
/* { dg-variant "-DPRODUCERS=5 -DCONSUMERS=4 -DMOST=5" } */
/* { dg-variant "-DPRODUCERS=1 -DCONSUMERS=1 -DBATCH=40000 -DMOST=50" } */
/* { dg-variant "-DTHREADS=1500 -DMOST=50" } */
/* { dg-timeout 120 } */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "rows.h"

static uint64_t class_locks(void)
{
    uint64_t at = row("&pools") + offset("pool.locks"), locks = 0;
    for (uint64_t c = 1; c < row("CLASSES"); c++)
        locks += *(_Atomic(uint64_t) *)(uintptr_t)(at + c * row("sizeof pool"));
    return locks;
}

static size_t any_size(uint64_t *state)
{
    uint64_t n = next_random(state);
    return 16 + (n >> 8) % (n % 4 ? 112 : 1008);
}

#ifdef THREADS
static void *live(void *seed)
{
    uint64_t state = (uintptr_t)seed;
    void *block[300];
    for (int i = 0; i < 300; i++)
        CHECK((block[i] = malloc(any_size(&state))));
    for (int i = 0; i < 300; i++)
        free(block[i]);
    return NULL;
}

static uint64_t run(void)
{
    for (intptr_t i = 0; i < THREADS / 2; i++) {
        pthread_t thread[2];
        for (int t = 0; t < 2; t++)
            CHECK(pthread_create(&thread[t], NULL, live, (void *)(2 * i + t + 1)) == 0);
        for (int t = 0; t < 2; t++)
            CHECK(pthread_join(thread[t], NULL) == 0);
    }
    return (uint64_t)THREADS * 300;
}
#else
#ifndef BATCH
#define BATCH 500
#endif
enum { BLOCKS = 2000000, RINGS = PRODUCERS * CONSUMERS };

/* From one producer to one consumer; a batch at a time. */
static struct ring {
    _Alignas(64) _Atomic(size_t) sent;
    _Alignas(64) _Atomic(size_t) received;
    void *block[2 * BATCH];
} ring[RINGS];

static void *produce(void *index)
{
    uint64_t state = 1 + (uintptr_t)index;
    for (size_t n = 0; n < BLOCKS / RINGS; n += BATCH)
        for (size_t to = 0; to < CONSUMERS; to++) {
            struct ring *r = &ring[(uintptr_t)index * CONSUMERS + to];
            while (n - r->received > BATCH)
                sched_yield();
            for (size_t i = 0; i < BATCH; i++)
                CHECK((r->block[(n + i) % (2 * BATCH)] = malloc(any_size(&state))));
            r->sent = n + BATCH;
        }
    return NULL;
}

static void *consume(void *index)
{
    for (size_t n = 0; n < BLOCKS / RINGS; n += BATCH)
        for (size_t from = 0; from < PRODUCERS; from++) {
            struct ring *r = &ring[from * CONSUMERS + (uintptr_t)index];
            while (r->sent < n + BATCH)
                sched_yield();
            for (size_t i = 0; i < BATCH; i++)
                free(r->block[(n + i) % (2 * BATCH)]);
            r->received = n + BATCH;
        }
    return NULL;
}

static uint64_t run(void)
{
    pthread_t thread[PRODUCERS + CONSUMERS];
    for (intptr_t i = 0; i < PRODUCERS; i++)
        CHECK(pthread_create(&thread[i], NULL, produce, (void *)i) == 0);
    for (intptr_t i = 0; i < CONSUMERS; i++)
        CHECK(pthread_create(&thread[PRODUCERS + i], NULL, consume, (void *)i) == 0);
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    return BLOCKS;
}
#endif

int main(void)
{
    uint64_t blocks = run(), locks = class_locks();
    dprintf(1, "%.2f locks for 1,000 blocks\n", 1000.0 * (double)locks / (double)blocks);
    CHECK(locks * 1000 <= blocks * MOST);
    CHECK(heap_check() == 0);
    return 0;
}
