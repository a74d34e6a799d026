/* SPDX-License-Identifier: MIT */
/* The same block freed twice in a row. */
/* { dg-link preload core } */
/* { dg-variant "-DSIZE=1" } */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=1024" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=20000" } */
/* { dg-variant "-DSIZE=40000" } */
/* { dg-variant "-DSIZE=250000" } */
/* { dg-variant "-DSIZE=300000" } */
/* { dg-variant "-DSIZE=3000000" } */
/* { dg-variant "-DSIZE=100 -DALIGN=256" } */
/* { dg-variant "-DSIZE=100 -DALIGN=65536" } */
/* { dg-variant "-DSIZE=100 -DALIGN=4194304" } */
/* { dg-death {(hak_)?free\(\): double free %p} } */
/* { dg-death {(hak_)?free\(\): (double free|invalid pointer) %p} *-DSIZE=300000* } */
/* { dg-death {(hak_)?free\(\): (double free|invalid pointer) %p} {*-DALIGN=[46]*} } */
#include "death.h"

#ifdef ALIGN
#define get() memalign(ALIGN, SIZE)
#else
#define get() malloc(SIZE)
#endif

int main(void)
{
    char *p = tell(get());
    memset(p, 1, SIZE);
    free(p);
    FAULT(free(p));
    churn(SIZE);
    return 0;
}
