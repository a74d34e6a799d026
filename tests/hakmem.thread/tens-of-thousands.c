/* SPDX-License-Identifier: MIT */
/* 20,000 threads created and ended: nothing of them stays. */
#include <pthread.h>

#include "check.h"

enum { BATCH = 20, BATCHES = 1000 };

static void *work(void *number)
{
    uint64_t state = (uintptr_t)number + 1;
    void *block[64];
    for (int i = 0; i < 64; i++) {
        size_t n = 16 + next_random(&state) % 2000;
        CHECK((block[i] = malloc(n)));
        memset(block[i], 1, n);
    }
    for (int i = 0; i < 63; i++)
        free(block[i]);
    return block[63];
}

int main(void)
{
    struct hak_stats before, after;
    long resident = 0;
    for (uintptr_t batch = 0; batch < BATCHES; batch++) {
        pthread_t thread[BATCH];
        for (uintptr_t i = 0; i < BATCH; i++)
            CHECK(pthread_create(&thread[i], NULL, work, (void *)(batch * BATCH + i)) == 0);
        for (int i = 0; i < BATCH; i++) {
            void *last;
            CHECK(pthread_join(thread[i], &last) == 0);
            free(last);
        }
        if (batch == BATCHES / 2) {
            resident = resident_kib();
            (void)heap_stats(&before);
        }
    }
    (void)heap_stats(&after);
    CHECK(resident_kib() < resident + 6144);
    CHECK(heap_check() == 0);
    CHECK(after.threads <= before.threads + 2);
    CHECK(after.live_bytes <= before.live_bytes + 65536);
    CHECK(after.mapped_bytes <= before.mapped_bytes + (8u << 20));
    return 0;
}
