/* SPDX-License-Identifier: MIT */
/* free a, free b, free a: found now or when the blocks come back, at the latest at exit. */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=1000" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=20000" } */
/* { dg-variant "-DSIZE=40000" } */
/* { dg-variant "-DSIZE=250000" } */
/* { dg-variant "-DSIZE=300000" } */
/* { dg-variant "-DSIZE=3000000" } */
/* { dg-death {[a-z_ ]+\(\): (double free|damaged free list|invalid pointer) 0x[0-9a-f]+} } */
/* { dg-death {free\(\): (double free|invalid pointer) %p} *-DSIZE=300000* } */
#include "death.h"

int main(void)
{
    char *a = malloc(SIZE), *b = malloc(SIZE);
    CHECK(a && b);
    free(tell(a));
    free(b);
    FAULT(free(a));
    churn(SIZE);
    return 0;
}
