/* SPDX-License-Identifier: MIT */
/* Blocks that lie side by side in a strip: freed twice, at once or after others, by another thread, resized
 * after they were freed; and pointers into them. All is found at once. */
/* { dg-env HAKMEM_LIMIT_BYTES=200m } */
/* { dg-variant "-DAGAIN" } */
/* { dg-variant "-DAGAIN HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "-DLATER" } */
/* { dg-variant "-DELSEWHERE" } */
/* { dg-variant "-DRESIZED" } */
/* { dg-variant "-DINSIDE=2048" } */
/* { dg-variant "-DINSIDE=16" } */
/* { dg-variant "-DINSIDE=2048 HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "-DMEASURED" } */
/* { dg-death {[a-z_ ]+\(\): (double free|invalid pointer) %p} } */
/* { dg-death {free\(\): double free %p} *-DAGAIN* } */
/* { dg-death {free\(\): double free %p} *-DLATER* } */
/* { dg-death {realloc\(\): double free %p} *-DRESIZED* } */
/* { dg-death {free\(\): invalid pointer %p} *-DINSIDE* } */
#include "death.h"

enum { WASTE = 200, COUNT = 200, SIZE = 40000 };

int main(void)
{
    static char *block[COUNT], *victim;
    for (int i = 0; i < WASTE; i++)
        CHECK(hide(malloc(33000)));
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(SIZE)));
        if (i >= COUNT / 2 && !victim && (uintptr_t)block[i] % 65536)
            victim = block[i];
    }
    CHECK(victim);
#ifdef INSIDE
    FAULT(free(tell(victim + INSIDE)));
#else
    free(victim);
#endif
#if defined(AGAIN)
    FAULT(free(tell(victim)));
#elif defined(LATER)
    for (int i = 0; i < COUNT / 4; i++)
        free(block[i]);
    FAULT(free(tell(victim)));
#elif defined(RESIZED)
    FAULT(CHECK(realloc(tell(victim), SIZE + 1) == NULL));
#elif defined(MEASURED)
    FAULT(CHECK(malloc_usable_size(tell(victim)) == 0));
#elif defined(ELSEWHERE)
    FAULT(free_elsewhere(tell(victim)));
#endif
    return 0;
}
