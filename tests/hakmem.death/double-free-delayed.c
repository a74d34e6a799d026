/* SPDX-License-Identifier: MIT */
/* Many others are freed between the two frees of a block: it has left the cache, then its slab. */
/* { dg-variant "-DSIZE=48 -DBETWEEN=10" } */
/* { dg-variant "-DSIZE=48 -DBETWEEN=1000" } */
/* { dg-variant "-DSIZE=48 -DBETWEEN=20000" } */
/* { dg-variant "-DSIZE=3000 -DBETWEEN=10" } */
/* { dg-variant "-DSIZE=3000 -DBETWEEN=3000" } */
/* { dg-variant "-DSIZE=20000 -DBETWEEN=500" } */
/* { dg-death {[a-z_ ]+\(\): (double free|damaged free list|invalid pointer) 0x[0-9a-f]+} } */
#include "death.h"

static void *other[BETWEEN];

int main(void)
{
    for (int i = 0; i < BETWEEN / 2; i++)
        CHECK((other[i] = malloc(SIZE)));
    char *p = tell(malloc(SIZE));
    for (int i = BETWEEN / 2; i < BETWEEN; i++)
        CHECK((other[i] = malloc(SIZE)));
    free(p);
    for (int i = 0; i < BETWEEN; i++)
        free(other[i]);
    FAULT(free(p));
    churn(SIZE);
    return 0;
}
