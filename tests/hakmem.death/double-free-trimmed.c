/* SPDX-License-Identifier: MIT */
/* Freed, given back to the system by malloc_trim, freed again: found, and the page is not needed. */
/* { dg-variant "-DSIZE=48" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=100000" } */
/* { dg-variant "-DSIZE=300000" } */
/* { dg-variant "-DSIZE=3000000" } */
/* { dg-death {free\(\): (double free|invalid pointer) %p} } */
#include "death.h"

int main(void)
{
    churn(SIZE);
    char *p = tell(malloc(SIZE));
    free(p);
    malloc_trim(0);
    FAULT(free(p));
    churn(SIZE);
    return 0;
}
