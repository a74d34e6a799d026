/* SPDX-License-Identifier: MIT */
/* free a, free b, free a, and the thread ends: its list is a circle then, and must not be walked for ever. */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=1000" } */
/* { dg-variant "-DSIZE=100000" } */
/* { dg-death {[a-z_ ]+\(\): (double free|damaged free list) 0x[0-9a-f]+} } */
/* { dg-timeout 20 } */
#include <pthread.h>

#include "death.h"

static void *work(void *unused)
{
    for (int i = 0; i < 10000; i++) /* past the first blocks of the process, which are never reused */
        CHECK(hide(malloc(SIZE)));
    char *a = malloc(SIZE), *b = malloc(SIZE);
    CHECK(a && b);
    free(tell(a));
    free(b);
    FAULT(free(a));
    return unused;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
