/* SPDX-License-Identifier: MIT */
/* One thread allocates, the other only frees: contents arrive, memory stays bounded. */
/* { dg-link preload core tsan } */
/* { dg-variant "-DLOW=64 -DHIGH=64" } */
/* { dg-variant "-DLOW=16 -DHIGH=1040" } */
/* { dg-variant "-DLOW=1000 -DHIGH=30000" } */
/* { dg-variant "-DLOW=40000 -DHIGH=200000" } */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum { RING = 1024 };
#ifdef HAK_SANITIZED
enum { COUNT = 40000 };
#else
enum { COUNT = HIGH > 2000 ? 100000 : 2000000 };
#endif
static _Atomic(size_t *) ring[RING];
static long resident;

static void *consume(void *unused)
{
    for (size_t i = 0; i < COUNT; i++) {
        size_t *p;
        while (!(p = atomic_exchange_explicit(&ring[i % RING], NULL, memory_order_acquire)))
            sched_yield();
        CHECK(p[0] == i && p[1] == ~i);
        free(p);
        if (i == COUNT / 4)
            resident = resident_kib();
    }
    return unused;
}

int main(void)
{
    pthread_t thread;
    uint64_t state = 3;
    CHECK(pthread_create(&thread, NULL, consume, NULL) == 0);
    for (size_t i = 0; i < COUNT; i++) {
        size_t *p = malloc(LOW + next_random(&state) % (HIGH - LOW + 1));
        CHECK(p);
        p[0] = i;
        p[1] = ~i;
        while (atomic_load_explicit(&ring[i % RING], memory_order_relaxed))
            sched_yield();
        atomic_store_explicit(&ring[i % RING], p, memory_order_release);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    /* At most the full ring once more, and the transfer slots. */
    CHECK(resident_kib() < resident + (long)RING * HIGH / 1024 + 16384);
    CHECK(heap_check() == 0);
    return 0;
}
