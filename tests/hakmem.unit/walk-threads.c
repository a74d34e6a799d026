/* SPDX-License-Identifier: MIT */
/* hak_walk and hak_stats_get while other threads allocate and free: what stays live is always told. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 3, KEPT = 500, ROUNDS = 60 };
static char *kept[KEPT];
static _Atomic(int) stop;

static void *work(void *arg)
{
    static const size_t sizes[] = {16, 40, 500, 2000, 30000, 50000, 700000, 2000000};
    uint64_t seed = 1 + (uintptr_t)arg;
    void *mine[64] = {NULL};
    while (!stop) {
        size_t at = next_random(&seed) % 64;
        free(mine[at]);
        mine[at] = malloc(sizes[next_random(&seed) % 8]);
        CHECK(mine[at]);
    }
    for (int i = 0; i < 64; i++)
        free(mine[i]);
    return NULL;
}

static int each(void *block, size_t size, void *arg)
{
    int *seen = arg;
    CHECK(size > 0);
    for (int i = 0; i < KEPT; i++)
        seen[i] += kept[i] == block;
    return 0;
}

int main(void)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < KEPT; i++)
        CHECK((kept[i] = malloc((size_t)i * i)));
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        int seen[KEPT] = {0};
        struct hak_stats stats;
        CHECK(hak_walk(each, seen) == 0);
        for (int i = 0; i < KEPT; i++)
            CHECK(seen[i] == 1);
        CHECK(heap_stats(&stats) == 0 && stats.resident_bytes > 0);
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(heap_check() == 0);
    return 0;
}
