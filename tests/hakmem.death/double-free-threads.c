/* SPDX-License-Identifier: MIT */
/* Freed by two threads, one after the other; both have ended, so both caches are flushed. */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=100000" } */
/* { dg-variant "-DSIZE=300000" } */
/* { dg-variant "-DSIZE=3000000" } */
/* { dg-death {[a-z_ ]+\(\): (double free|damaged free list|invalid pointer) 0x[0-9a-f]+} } */
#include <pthread.h>

#include "death.h"

static void *release(void *p)
{
    free(malloc(SIZE));
    free(p);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    char *p = tell(malloc(SIZE));
    CHECK(pthread_create(&thread, NULL, release, p) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    FAULT(CHECK(pthread_create(&thread, NULL, release, p) == 0));
    FAULT(CHECK(pthread_join(thread, NULL) == 0));
    churn(SIZE);
    return 0;
}
