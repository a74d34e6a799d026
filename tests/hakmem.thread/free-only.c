/* SPDX-License-Identifier: MIT */
/* Threads that only free what the main thread allocates, in batches and for long: bounded memory. */
#include <pthread.h>

#include "check.h"

enum { WORKERS = 3, BATCH = 30000, ROUNDS = 40 };
static void *block[WORKERS][BATCH];
static pthread_barrier_t full, empty;

static void *release(void *index)
{
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&full);
        for (int i = 0; i < BATCH; i++)
            free(block[(uintptr_t)index][i]);
        pthread_barrier_wait(&empty);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[WORKERS];
    long resident = 0;
    uint64_t state = 11;
    pthread_barrier_init(&full, NULL, WORKERS + 1);
    pthread_barrier_init(&empty, NULL, WORKERS + 1);
    for (uintptr_t w = 0; w < WORKERS; w++)
        CHECK(pthread_create(&thread[w], NULL, release, (void *)w) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WORKERS * BATCH; i++) {
            size_t n = 16 + next_random(&state) % 500;
            CHECK((block[i % WORKERS][i / WORKERS] = malloc(n)));
            memset(block[i % WORKERS][i / WORKERS], 1, n);
        }
        pthread_barrier_wait(&full);
        pthread_barrier_wait(&empty);
        if (round == 4)
            resident = resident_kib();
    }
    for (int w = 0; w < WORKERS; w++)
        CHECK(pthread_join(thread[w], NULL) == 0);
    CHECK(resident_kib() < resident + 8192);
    CHECK(heap_check() == 0);
    return 0;
}
