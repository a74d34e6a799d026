/* SPDX-License-Identifier: MIT */
/* Spans that lie in a bin, freed again: by the same thread at once or with others between, by another thread,
 * and resized. Found at once where it is the one freed last, else when it comes back, at the latest at exit.
 */
/* { dg-variant "-DSIZE=33000 -DLAST" } */
/* { dg-variant "-DSIZE=250000 -DLAST" } */
/* { dg-variant "-DSIZE=33000 -DBEFORE" } */
/* { dg-variant "-DSIZE=100000 -DBEFORE" } */
/* { dg-variant "-DSIZE=33000 -DBEFORE -DIDLE" } */
/* { dg-variant "-DSIZE=100000 -DELSEWHERE" } */
/* { dg-variant "-DSIZE=100000 -DRESIZED" } */
/* { dg-death {[a-z_ ]+\(\): (double free|damaged free list|invalid pointer) 0x[0-9a-f]+} } */
/* { dg-death {free\(\): double free %p} *-DLAST* } */
/* { dg-death {realloc\(\): double free %p} *-DRESIZED* } */
#include "death.h"

enum { COUNT = 4, ROUNDS = 10 };

int main(void)
{
    void *block[COUNT];
    for (int round = 0; round < ROUNDS; round++) { /* so that the thread may keep them */
        for (int i = 0; i < COUNT; i++)
            CHECK((block[i] = malloc(SIZE)));
        for (int i = 0; i < COUNT; i++)
            free(block[i]);
    }
#if defined(LAST)
    FAULT(free(tell(block[COUNT - 1])));
#elif defined(RESIZED)
    FAULT(CHECK(realloc(tell(block[0]), SIZE + 1) == NULL));
#elif defined(ELSEWHERE)
    FAULT(free_elsewhere(tell(block[0])));
#else
    FAULT(free(tell(block[0])));
#endif
#ifdef IDLE /* nothing more: the end of the process finds it */
    return 0;
#endif
    churn(SIZE);
    return 0;
}
