/* SPDX-License-Identifier: MIT */
/* The validator and the statistics run while other threads allocate: never a false fault. */
/* { dg-link preload core tsan } */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

static atomic_int stop;

static void *work(void *seed)
{
    static const size_t top[] = {100, 1000, 30000, 900000, 5000000};
    void *block[100] = {0};
    uint64_t state = (uintptr_t)seed + 17;
    while (!atomic_load(&stop)) {
        uint64_t r = next_random(&state);
        int i = (int)(r % 100);
        free(block[i]);
        CHECK((block[i] = malloc((r >> 20) % top[(r >> 8) % 5])));
        if ((r >> 50) % 1000 == 0)
            malloc_trim(0);
    }
    for (int i = 0; i < 100; i++)
        free(block[i]);
    return NULL;
}

int main(void)
{
    pthread_t thread[3];
    for (uintptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < 300; i++) {
        struct hak_stats stats;
        CHECK(heap_check() == 0);
        CHECK(heap_stats(&stats) == 0);
        CHECK(stats.mapped_bytes < (uint64_t)4 << 30 && stats.live_blocks < 1000000);
        usleep(1000);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(heap_check() == 0);
    return 0;
}
