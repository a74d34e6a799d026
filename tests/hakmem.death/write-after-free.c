/* SPDX-License-Identifier: MIT */
/* A write into a freed block: found when the block is handed out again or its cache is drained. */
/* { dg-variant "-DSIZE=24 -DFROM=0 -DTO=8" } */
/* { dg-variant "-DSIZE=24 -DFROM=8 -DTO=16" } */
/* { dg-variant "-DSIZE=24 -DFROM=0 -DTO=24" } */
/* { dg-variant "-DSIZE=24 -DFROM=0 -DTO=24 -DFILL=0" } */
/* { dg-variant "-DSIZE=24 -DFROM=0 -DTO=1" } */
/* { dg-variant "-DSIZE=1000 -DFROM=0 -DTO=8" } */
/* { dg-variant "-DSIZE=1000 -DFROM=8 -DTO=16" } */
/* { dg-variant "-DSIZE=1000 -DFROM=0 -DTO=1000" } */
/* { dg-variant "-DSIZE=3000 -DFROM=0 -DTO=8" } */
/* { dg-variant "-DSIZE=3000 -DFROM=0 -DTO=3000" } */
/* { dg-variant "-DSIZE=20000 -DFROM=0 -DTO=20000 -DVICTIM=7" } */
/* { dg-variant "-DSIZE=24 -DFROM=0 -DTO=8 -DDRAIN" } */
/* { dg-variant "-DSIZE=24 -DFROM=8 -DTO=16 -DDRAIN" } */
/* { dg-variant "-DSIZE=24 -DFROM=0 -DTO=24 -DDRAIN" } */
/* { dg-variant "-DSIZE=3000 -DFROM=0 -DTO=3000 -DDRAIN" } */
/* { dg-variant "-DSIZE=24 -DFROM=0 -DTO=8 -DTHREAD" } */
/* { dg-variant "-DSIZE=24 -DFROM=0 -DTO=8 -DCALLOC" } */
/* { dg-death {[a-z_ ]+\(\): damaged free list 0x[0-9a-f]+} } */
#include <pthread.h>

#include "death.h"

#ifndef VICTIM
#define VICTIM 4
#endif
#ifndef FILL
#define FILL 0x41
#endif

static UNUSED void *work(void *unused)
{
    char *p[8];
    for (int i = 0; i < 8; i++)
        CHECK((p[i] = malloc(SIZE)));
    for (int i = 0; i < 8; i++)
        free(hide(p[i]));
    char *victim = hide(p[VICTIM]);
    (void)victim;
    FAULT(memset(victim + FROM, FILL, TO - FROM));
    return unused;
}

int main(void)
{
#ifdef THREAD
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    churn(SIZE);
#else
    work(NULL);
#endif
#ifdef DRAIN
    malloc_trim(0);
#elif defined CALLOC
    for (int i = 0; i < 8; i++)
        CHECK(calloc(1, SIZE));
#else
    for (int i = 0; i < 8; i++)
        CHECK(malloc(SIZE));
#endif
    return 0;
}
