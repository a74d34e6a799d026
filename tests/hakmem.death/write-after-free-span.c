/* SPDX-License-Identifier: MIT */
/* A write into a freed block above 32 KiB: found when it is handed out again, or at exit, where its thread keeps
 * such blocks as it takes and frees them in turn. */
/* { dg-variant "-DSIZE=33000 -DFROM=0 -DTO=8" } */
/* { dg-variant "-DSIZE=33000 -DFROM=8 -DTO=16" } */
/* { dg-variant "-DSIZE=100000 -DFROM=0 -DTO=100000" } */
/* { dg-variant "-DSIZE=100000 -DFROM=0 -DTO=8 -DEND" } */
/* { dg-death {[a-z_ ]+\(\): damaged free list %p} } */
/* { dg-death {malloc\(\): damaged free list %p} *-DSIZE=33000* } */
#include "death.h"

#ifndef FILL
#define FILL 0x41
#endif

enum { COUNT = 4, ROUNDS = 10 };

int main(void)
{
    char *block[COUNT];
    free(hide(malloc(8 << 20))); /* a peak: what is kept is given up where one is exceeded */
    for (int round = 0; round < ROUNDS; round++) { /* so that the thread may keep them */
        for (int i = 0; i < COUNT; i++)
            CHECK((block[i] = malloc(SIZE)));
        for (int i = 0; i < COUNT; i++)
            free(block[i]);
    }
    tell(block[COUNT - 1]);
    FAULT(memset((char *)hide(block[COUNT - 1]) + FROM, FILL, TO - FROM));
#ifndef END
    for (int i = 0; i < COUNT; i++)
        CHECK(hide(malloc(SIZE)));
#endif
    return 0;
}
