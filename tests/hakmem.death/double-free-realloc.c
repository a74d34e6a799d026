/* SPDX-License-Identifier: MIT */
/* realloc of a freed block, and free of a block that realloc has moved or freed. */
/* { dg-variant "-DFROM=24 -DTO=20 -DFREED" } */
/* { dg-variant "-DFROM=24 -DTO=5000 -DFREED" } */
/* { dg-variant "-DFROM=3000 -DTO=100 -DFREED" } */
/* { dg-variant "-DFROM=20000 -DTO=0 -DFREED" } */
/* { dg-variant "-DFROM=300000 -DTO=400000 -DFREED" } */
/* { dg-variant "-DFROM=3000000 -DTO=3000001 -DFREED" } */
/* { dg-variant "-DFROM=24 -DTO=5000" } */
/* { dg-variant "-DFROM=3000 -DTO=300000" } */
/* { dg-variant "-DFROM=24 -DTO=0" } */
/* { dg-variant "-DFROM=300000 -DTO=0" } */
/* { dg-death {free\(\): (double free|invalid pointer) %p} } */
/* { dg-death {realloc\(\): (double free|invalid pointer) %p} *-DFREED* } */
#include "death.h"

int main(void)
{
    char *p = tell(malloc(FROM));
#ifdef FREED
    free(p);
    FAULT(p = realloc(p, TO));
#else
    char *q = realloc(p, TO);
    FAULT(free(p));
    free(q);
#endif
    churn(FROM);
    return 0;
}
