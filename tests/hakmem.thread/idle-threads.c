/* SPDX-License-Identifier: MIT */
/* Threads with nothing in use sleep for good: what their caches held goes back, while nobody does anything. */
/* { dg-link preload } */
/* { dg-env HAKMEM_ACE_THREAD=1 } */
#include <pthread.h>

#include "check.h"

enum { THREADS = 100, BLOCKS = 20, DEADLINE = 400 };
static pthread_barrier_t filled;

static void *sleeper(void *unused)
{
    void *block[BLOCKS] = {0};
    for (size_t size = 16; size <= 32768; size += size < 128 ? 16 : size / 8) {
        for (int i = 0; i < BLOCKS; i++)
            CHECK((block[i] = memset(malloc(size), 1, size)));
        for (int i = 0; i < BLOCKS; i++)
            free(block[i]);
    }
    pthread_barrier_wait(&filled);
    for (;;)
        pause();
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&filled, NULL, THREADS + 1);
    long before = resident_kib();
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread, NULL, sleeper, NULL) == 0);
    pthread_barrier_wait(&filled);
    long most = resident_kib();
    CHECK(most - before > THREADS * 256);
    for (int i = 0; i < DEADLINE && resident_kib() - before > (most - before) / 4; i++)
        usleep(50 * 1000);
    CHECK(resident_kib() - before <= (most - before) / 4);
    struct hak_stats s;
    CHECK(heap_stats(&s) == 0 && s.sleepers >= THREADS / 2 && s.sleeper_bytes > 0);
    CHECK(heap_check() == 0);
    return 0;
}
