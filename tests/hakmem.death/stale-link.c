/* SPDX-License-Identifier: MIT */
/* The bytes of a freed block are put back into live ones: each of those is freed once, no alarm. */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=1000" } */
/* { dg-variant "-DSIZE=3000" } */
#include "death.h"

int main(void)
{
    unsigned char copy[16];
    for (int round = 0; round < 2000; round++) {
        char *a = malloc(SIZE), *b = malloc(SIZE), *c = malloc(SIZE);
        CHECK(a && b && c);
        free(a);
        free(b);
        memcpy(copy, hide(b), 16); /* a read of what is not ours any more */
        memcpy(c, copy, 16);
        free(c);
        char *again = malloc(SIZE);
        memcpy(again, copy, 16);
        if (round % 100 == 0)
            malloc_trim(0);
        free(again);
    }
    CHECK(heap_check() == 0);
    return 0;
}
