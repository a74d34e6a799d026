/* SPDX-License-Identifier: MIT */
/* Threads allocate, resize and free each other's blocks of strips, while one looks and gives back. */
/* { dg-env HAKMEM_LIMIT_BYTES=200m } */
#include <pthread.h>

#include "check.h"

enum { WASTE = 200, THREADS = 3, SLOTS = 400, ROUNDS = 4000 };
static _Atomic(char *) slot[SLOTS];
static _Atomic(int) running, inside;

static void *work(void *arg)
{
    uint64_t state = 7 + (uintptr_t)arg;
    for (int i = 0; i < ROUNDS; i++) {
        size_t size = 33000 + next_random(&state) % 60000;
        char *p = i % 2 ? malloc(size) : calloc(1, size), *old;
        CHECK(p && (i % 2 || (p[0] == 0 && p[size - 1] == 0)));
        inside += (uintptr_t)p % 65536 != 0;
        if (i % 5 == 0) {
            CHECK((p = realloc(p, size + 5000)));
            size += 5000;
        }
        p[0] = p[size / 2] = p[size - 1] = (char)i;
        if ((old = slot[next_random(&state) % SLOTS]) == NULL || i % 7)
            old = __atomic_exchange_n((char **)&slot[next_random(&state) % SLOTS], p, __ATOMIC_ACQ_REL);
        else
            old = p;
        free(old);
    }
    running--;
    return NULL;
}

static int each(void *p, size_t size, void *arg)
{
    return p == NULL || size == 0 || arg == NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    void *waste[WASTE];
    for (int i = 0; i < WASTE; i++)
        CHECK((waste[i] = malloc(33000)));
    running = THREADS;
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    while (running) {
        struct hak_stats stats;
        CHECK(heap_stats(&stats) == 0 && stats.mapped_bytes > 0);
        CHECK(hak_walk(each, &stats) == 0);
        malloc_trim(0);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(heap_check() == 0 && inside > ROUNDS);
    for (int i = 0; i < SLOTS; i++)
        free(slot[i]);
    for (int i = 0; i < WASTE; i++)
        free(waste[i]);
    CHECK(heap_check() == 0);
    return 0;
}
