/* SPDX-License-Identifier: MIT */
/* free a, free b, free a, then malloc until a comes up for the second time: a double free, where the program
 * has not written to what it got. Written to, it is what a write to a free block looks like. */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=1000" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=9000" } */
/* { dg-variant "-DSIZE=16000" } */
/* { dg-variant "-DSIZE=20000" } */
/* { dg-variant "-DSIZE=32000" } */
/* { dg-variant "-DSIZE=40000" } */
/* { dg-variant "-DSIZE=250000" } */
/* { dg-variant "-DSIZE=20000 -DEND" } */
/* { dg-variant "-DSIZE=48 -DTRIM" } */
/* { dg-variant "-DSIZE=20000 -DTRIM" } */
/* { dg-variant "-DSIZE=20000 -DWRITTEN" } */
/* { dg-death {[a-z_ ]+\(\): double free %p} } */
/* { dg-death {malloc\(\): damaged free list %p} *-DWRITTEN* } */
#include "death.h"

enum { FEW = 4, ROUNDS = 10 };

int main(void)
{
    char *block[FEW];
    for (int round = 0; round < ROUNDS; round++) { /* so that the thread keeps that many */
        for (int i = 0; i < FEW; i++)
            CHECK((block[i] = malloc(SIZE)));
        for (int i = 0; i < FEW; i++)
            free(block[i]);
    }
    for (int i = 0; i < FEW; i++)
        CHECK((block[i] = malloc(SIZE)));
    free(tell(block[0]));
    free(block[1]);
    FAULT(free(hide(block[0])));
#ifdef END
    CHECK(hide(malloc(SIZE))); /* a is with the program, and in the list: found at the end */
    return 0;
#elif defined(TRIM)
    CHECK(hide(malloc(SIZE)));
    malloc_trim(0);
#endif
    for (int i = 0; i < FEW; i++) {
        char *p = hide(malloc(SIZE));
        CHECK(p);
#ifdef WRITTEN
        memset(p, 1, SIZE);
#endif
    }
    return 0;
}
