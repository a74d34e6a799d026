/* SPDX-License-Identifier: MIT */
/* Several threads end at the same moment and find one left: one of them joins the helper, and all of them end. */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_ACE_THREAD=1" } */
#include <pthread.h>

#include "helper.h"

enum { KEEP = 25 << 20, THREADS = 8, ROUNDS = 12 };
static pthread_barrier_t all;

static void *work(void *first)
{
    void *p = hide(malloc(100));
    if (first)
        CHECK(burst_until_helper(60000));
    free(p);
    pthread_barrier_wait(&all);
    return NULL;
}

int main(void)
{
    char *held = malloc(KEEP);
    CHECK(held);
    memset(held, 1, KEEP);
    CHECK(pthread_barrier_init(&all, NULL, THREADS) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t thread[THREADS];
        for (int i = 0; i < THREADS; i++)
            CHECK(pthread_create(&thread[i], NULL, work, i == 0 ? held : NULL) == 0);
        for (int i = 0; i < THREADS; i++)
            CHECK(pthread_join(thread[i], NULL) == 0);
    }
    free(held);
    return 0;
}
