/* SPDX-License-Identifier: MIT */
/* Guarded blocks freed twice, at once or after others; pointers into them; what was written beside them on
 * their page. All is found at once, or as the block is freed. */
/* { dg-env HAKMEM_GUARD_BYTES=1 } */
/* { dg-variant "-DAGAIN" } */
/* { dg-variant "-DAGAIN HAKMEM_GUARD_REPORT=0" } */
/* { dg-variant "-DLATER" } */
/* { dg-variant "-DELSEWHERE" } */
/* { dg-variant "-DRESIZED" } */
/* { dg-variant "-DMEASURED" } */
/* { dg-variant "-DINSIDE=16" } */
/* { dg-variant "-DINSIDE=-16" } */
/* { dg-variant "-DOVERRUN=100 -DAT_END=1" } */
/* { dg-variant "-DOVERRUN=111 -DAT_END=1" } */
/* { dg-variant "-DOVERRUN=-1 -DAT_END=1" } */
/* { dg-variant "-DOVERRUN=100 -DAT_END=0" } */
/* { dg-variant "-DOVERRUN=4095 -DAT_END=0" } */
/* { dg-death {[a-z_ ]+\(\): (double free|invalid pointer) %p} } */
/* { dg-death {free\(\): double free %p} *-DAGAIN* } */
/* { dg-death {free\(\): double free %p} *-DLATER* } */
/* { dg-death {free\(\): double free %p} *-DELSEWHERE* } */
/* { dg-death {realloc\(\): double free %p} *-DRESIZED* } */
/* { dg-death {free\(\): invalid pointer %p} *-DINSIDE* } */
/* { dg-death {free\(\): overrun block %p} *-DOVERRUN* } */
#include "death.h"
#include "guarded.h"

#ifndef AT_END
#define AT_END 1
#endif

int main(void)
{
    enum { SIZE = 100 };
    char *victim = guarded(SIZE, AT_END);
    memset(victim, 0, SIZE);
#ifdef OVERRUN
    FAULT(((char *)hide(victim))[OVERRUN] = 0);
    free(tell(victim));
    return 0;
#endif
#ifdef INSIDE
    FAULT(free(tell(victim + INSIDE)));
#endif
    free(victim);
#if defined(AGAIN)
    FAULT(free(tell(victim)));
#elif defined(LATER)
    for (int i = 0; i < SLOTS - LIVE_MOST - 10; i++)
        free(allocate(SIZE));
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
