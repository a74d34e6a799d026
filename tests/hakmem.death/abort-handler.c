/* SPDX-License-Identifier: MIT */
/* A handler of SIGABRT may allocate: no lock is held when the library aborts. */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=300000" } */
/* { dg-variant "-DSIZE=3000000" } */
/* { dg-death {free\(\): (double free|invalid pointer) %p} } */
/* { dg-timeout 20 } */
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

int main(void)
{
    signal(SIGABRT, handler);
    churn(SIZE);
    char *p = tell(malloc(SIZE));
    free(p);
    malloc_trim(0);
    FAULT(free(p));
    return 0;
}
