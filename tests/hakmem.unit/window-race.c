/* SPDX-License-Identifier: MIT */
/* While the window of the class map grows downwards, its upper end stays in it for every reader. */
/* { dg-link core tsan } */
#include <pthread.h>

#include "check.h"
#include "memory/classmap.h"

enum { GROWTHS = 400, READERS = 2 };
static _Atomic(int) stop, lost;

static void *look(void *top)
{
    while (!stop)
        if (!window_holds(top))
            lost = 1;
    return NULL;
}

int main(void)
{
    pthread_t thread[READERS];
    CHECK(malloc(100));
    union window_bounds at = window_bounds();
    void *top = (void *)(((uintptr_t)at.first + at.count - 1) << GRANULE_SHIFT);
    for (int i = 0; i < READERS; i++)
        CHECK(pthread_create(&thread[i], NULL, look, top) == 0);
    for (int i = 0; i < GROWTHS; i++) {
        const void *below = (const void *)(((uintptr_t)window_bounds().first - 1) << GRANULE_SHIFT);
        CHECK(classmap_reserve(below, GRANULE) && window_holds(below));
    }
    stop = 1;
    for (int i = 0; i < READERS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(window_bounds().count > at.count && !lost);
    return 0;
}
