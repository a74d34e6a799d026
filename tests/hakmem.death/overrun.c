/* SPDX-License-Identifier: MIT */
/* Checked mode: one byte too far, behind or before a block. */
/* { dg-env HAKMEM_TINY_SLL_VALIDATE_HDR=1 } */
/* { dg-variant "-DSIZE=1 -DAT=1" } */
/* { dg-variant "-DSIZE=24 -DAT=24" } */
/* { dg-variant "-DSIZE=25 -DAT=25" } */
/* { dg-variant "-DSIZE=32 -DAT=32" } */
/* { dg-variant "-DSIZE=1000 -DAT=1000" } */
/* { dg-variant "-DSIZE=1024 -DAT=1024" } */
/* { dg-variant "-DSIZE=3000 -DAT=3000" } */
/* { dg-variant "-DSIZE=20000 -DAT=20000" } */
/* { dg-variant "-DSIZE=24 -DAT=-1" } */
/* { dg-variant "-DSIZE=1000 -DAT=-1" } */
/* { dg-variant "-DSIZE=3000 -DAT=-1" } */
/* { dg-variant "-DSIZE=24 -DAT=24 -DREALLOC" } */
/* { dg-variant "-DSIZE=24 -DAT=24 -DCALLOC" } */
/* { dg-death {(free|realloc)\(\): overrun block 0x[0-9a-f]+} } */
#include "death.h"

int main(void)
{
    char *p[5];
    for (int i = 0; i < 5; i++) {
#ifdef CALLOC
        CHECK((p[i] = calloc(1, SIZE)));
#else
        CHECK((p[i] = malloc(SIZE)));
#endif
        memset(p[i], 1, SIZE);
    }
    FAULT(((char *)hide(p[2]))[AT] ^= 0x55);
#ifdef REALLOC
    CHECK((p[2] = realloc(p[2], SIZE * 4)));
#endif
    for (int i = 0; i < 5; i++)
        free(p[i]);
    return 0;
}
