/* SPDX-License-Identifier: MIT */
/* Counts of ended threads are kept, blocks freed by another thread are counted once. */
/* { dg-link preload core } */
#include <pthread.h>

#include "check.h"

enum { COUNT = 5000 };
static void *block[COUNT];

static void *allocate(void *unused)
{
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = malloc(100)));
    return unused;
}

int main(void)
{
    struct hak_stats before, during, after;
    pthread_t thread;
    CHECK(heap_stats(&before) == 0);
    for (int round = 0; round < 10; round++) {
        CHECK(pthread_create(&thread, NULL, allocate, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(heap_stats(&during) == 0);
        CHECK(during.live_blocks >= before.live_blocks + COUNT);
        CHECK(during.live_blocks <= before.live_blocks + COUNT + 50);
        for (int i = 0; i < COUNT; i++)
            free(block[i]);
    }
    CHECK(heap_stats(&after) == 0);
    CHECK(after.allocations >= before.allocations + 10 * COUNT);
    CHECK(after.frees >= before.frees + 10 * COUNT);
    CHECK(after.live_blocks <= before.live_blocks + 50);
    CHECK(after.threads == 1);
    return 0;
}
