/* SPDX-License-Identifier: MIT */
/* A handler of SIGABRT may allocate: no lock is held when the library aborts. */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=100000" } */
/* { dg-variant "-DSIZE=300000" } */
/* { dg-variant "-DSIZE=3000000" } */
/* { dg-variant "-DSIZE=300000 -DTHREADED" } */
/* { dg-variant "-DSIZE=300000 -DTHREADED HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-death {free\(\): (double free|invalid pointer) %p} } */
/* { dg-timeout 20 } */
#include <pthread.h>
#include <signal.h>

#include "death.h"

static volatile sig_atomic_t ran;

static void handler(int number)
{
    ran = number;
    for (int i = 0; i < 3000; i++)
        free(malloc(SIZE + i));
    void *p = malloc(SIZE), *q = malloc(SIZE);
    malloc_trim(0);
    free(p);
    free(q);
}

static UNUSED void *wait_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

int main(void)
{
#ifdef THREADED
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
#endif
    signal(SIGABRT, handler);
    churn(SIZE);
    char *p = tell(malloc(SIZE));
    free(p);
    malloc_trim(0);
    FAULT(free(p));
    return 0;
}
