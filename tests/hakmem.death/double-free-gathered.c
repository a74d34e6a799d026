/* SPDX-License-Identifier: MIT */
/* Freed twice by a thread that only frees, whose blocks wait to go home: at once, behind others, after they
 * went home, by realloc, and by another thread meanwhile. */
/* { dg-variant "-DSIZE=24 -DAT_ONCE" } */
/* { dg-variant "-DSIZE=3000 -DAT_ONCE" } */
/* { dg-variant "-DSIZE=24 -DOTHERS=1" } */
/* { dg-variant "-DSIZE=24 -DOTHERS=3000" } */
/* { dg-variant "-DSIZE=5000 -DOTHERS=300" } */
/* { dg-variant "-DSIZE=24 -DREALLOC=20" } */
/* { dg-variant "-DSIZE=24 -DREALLOC=5000" } */
/* { dg-variant "-DSIZE=24 -DELSEWHERE" } */
/* { dg-variant "-DSIZE=5000 -DELSEWHERE" } */
/* { dg-death {free\(\): double free %p} *-DAT_ONCE* } */
/* { dg-death {[a-z_ ]+\(\): (double free|damaged free list|invalid pointer) 0x[0-9a-f]+} } */
#include <pthread.h>

#include "death.h"

#ifndef OTHERS
#define OTHERS 0
#endif
enum { MOST = 3200 };
static void *block[MOST];

static void *elsewhere(void *p)
{
    free(p);
    return NULL;
}

static void *release(void *unused)
{
    void *p = block[MOST / 2];
    free(p);
#if defined AT_ONCE
    FAULT(free(p));
#elif defined REALLOC
    FAULT(free(realloc(p, REALLOC)));
#elif defined ELSEWHERE
    pthread_t thread;
    (void)thread;
    FAULT(CHECK(pthread_create(&thread, NULL, elsewhere, p) == 0));
    FAULT(CHECK(pthread_join(thread, NULL) == 0));
#else
    for (int i = 0; i < OTHERS; i++)
        if (i != MOST / 2)
            free(block[i]);
    FAULT(free(p));
#endif
    (void)elsewhere;
    return unused;
}

int main(void)
{
    pthread_t thread;
    for (int i = 0; i < MOST; i++)
        CHECK((block[i] = malloc(SIZE)));
    (void)tell(block[MOST / 2]);
    CHECK(pthread_create(&thread, NULL, release, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    churn(SIZE);
    return 0;
}
