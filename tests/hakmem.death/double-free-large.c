/* SPDX-License-Identifier: MIT */
/* Blocks above 1 MiB, freed again: at once, after others, by another thread, when their mapping has gone
 * back, resized and measured after they were freed, and where they were before a resize moved them. All is
 * found at once, and called what it is; what never was a block is not. */
/* { dg-variant "-DSIZE=1100000 -DAGAIN" } */
/* { dg-variant "-DSIZE=3000000 -DAGAIN" } */
/* { dg-variant "-DSIZE=40000000 -DAGAIN" } */
/* { dg-variant "-DSIZE=3000000 -DAGAIN -DROUNDS=9" } */
/* { dg-variant "-DSIZE=3000000 -DAGAIN HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "-DSIZE=3000000 -DLATER=20" } */
/* { dg-variant "-DSIZE=3000000 -DLATER=20 -DROUNDS=9" } */
/* { dg-variant "-DSIZE=3000000 -DTRIMMED -DROUNDS=9" } */
/* { dg-variant "-DSIZE=3000000 -DELSEWHERE" } */
/* { dg-variant "-DSIZE=3000000 -DRESIZED" } */
/* { dg-variant "-DSIZE=3000000 -DRESIZED -DROUNDS=9" } */
/* { dg-variant "-DSIZE=3000000 -DMEASURED" } */
/* { dg-variant "-DSIZE=3000000 -DMOVED" } */
/* { dg-variant "-DSIZE=3000000 -DNEVER" } */
/* { dg-death {[a-z_]+\(\): double free %p} } */
/* { dg-death {realloc\(\): double free %p} *-DRESIZED* } */
/* { dg-death {malloc_usable_size\(\): double free %p} *-DMEASURED* } */
/* { dg-death {free\(\): invalid pointer %p} *-DNEVER* } */
#include <sys/mman.h>

#include "death.h"

#ifndef ROUNDS
#define ROUNDS 0 /* after some the mapping is kept */
#endif
#ifndef LATER
#define LATER 0
#endif

/* As much of the block's place as is free becomes the program's own: a block that grows has to move. */
static UNUSED void block_growth(char *p)
{
    size_t usable = malloc_usable_size(p);
    char *end = p + usable;
    void *own = mmap(end, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(own == end || own == MAP_FAILED);
}

int main(void)
{
    char *other[LATER + 1];
    for (int round = 0; round < ROUNDS; round++)
        free(hide(malloc(SIZE)));
    for (int i = 0; i < LATER; i++)
        CHECK((other[i] = malloc(SIZE)));
    other[LATER] = malloc(SIZE);
    char *p = other[LATER];
    CHECK(p);
    memset(p, 1, SIZE);
#ifdef MOVED
    block_growth(p);
    tell(p);
    char *q = hide(realloc(p, 10 * SIZE));
    CHECK(q && q != p);
    FAULT(free(hide(p)));
    free(q);
#elif defined(NEVER)
    free(p);
    FAULT(free(tell((char *)NULL + (6 << 20))));
#else
    free(hide(p));
    for (int i = LATER; i-- > 0;)
        free(other[i]);
#ifdef TRIMMED
    malloc_trim(0);
#endif
    tell(p);
#if defined(RESIZED)
    FAULT(CHECK(realloc(hide(p), 2 * SIZE) == NULL));
#elif defined(MEASURED)
    FAULT(CHECK(malloc_usable_size(hide(p)) == 0));
#elif defined(ELSEWHERE)
    FAULT(free_elsewhere(p));
#else
    FAULT(free(hide(p)));
#endif
#endif
    return 0;
}
