/* SPDX-License-Identifier: MIT */
/* Near misses: pointers into, before and behind a live block. */
/* { dg-variant "-DSIZE=48 -DOFFSET=1" } */
/* { dg-variant "-DSIZE=48 -DOFFSET=8" } */
/* { dg-variant "-DSIZE=48 -DOFFSET=16" } */
/* { dg-variant "-DSIZE=48 -DOFFSET=-16" } */
/* { dg-variant "-DSIZE=1024 -DOFFSET=16" } */
/* { dg-variant "-DSIZE=1024 -DOFFSET=512" } */
/* { dg-variant "-DSIZE=3000 -DOFFSET=8" } */
/* { dg-variant "-DSIZE=3000 -DOFFSET=16" } */
/* { dg-variant "-DSIZE=20000 -DOFFSET=16" } */
/* { dg-variant "-DSIZE=20000 -DOFFSET=4096" } */
/* { dg-variant "-DSIZE=40000 -DOFFSET=1" } */
/* { dg-variant "-DSIZE=40000 -DOFFSET=16" } */
/* { dg-variant "-DSIZE=40000 -DOFFSET=4096" } */
/* { dg-variant "-DSIZE=40000 -DOFFSET=32768" } */
/* { dg-variant "-DSIZE=250000 -DOFFSET=16" } */
/* { dg-variant "-DSIZE=250000 -DOFFSET=65536" } */
/* { dg-variant "-DSIZE=250000 -DOFFSET=196608" } */
/* { dg-variant "-DSIZE=300000 -DOFFSET=1" } */
/* { dg-variant "-DSIZE=300000 -DOFFSET=16" } */
/* { dg-variant "-DSIZE=300000 -DOFFSET=4096" } */
/* { dg-variant "-DSIZE=300000 -DOFFSET=65536" } */
/* { dg-variant "-DSIZE=300000 -DOFFSET=131072" } */
/* { dg-variant "-DSIZE=3000000 -DOFFSET=16" } */
/* { dg-variant "-DSIZE=3000000 -DOFFSET=4096" } */
/* { dg-variant "-DSIZE=3000000 -DOFFSET=65536" } */
/* { dg-variant "-DSIZE=3000000 -DOFFSET=2097152" } */
/* { dg-variant "-DSIZE=48 -DOFFSET=8 -DCALL=resize" } */
/* { dg-variant "-DSIZE=48 -DOFFSET=16 -DCALL=resize" } */
/* { dg-variant "-DSIZE=3000 -DOFFSET=16 -DCALL=resize" } */
/* { dg-variant "-DSIZE=40000 -DOFFSET=4096 -DCALL=resize" } */
/* { dg-variant "-DSIZE=250000 -DOFFSET=65536 -DCALL=resize" } */
/* { dg-variant "-DSIZE=300000 -DOFFSET=65536 -DCALL=resize" } */
/* { dg-variant "-DSIZE=3000000 -DOFFSET=65536 -DCALL=resize" } */
/* { dg-variant "-DSIZE=48 -DOFFSET=8 -DCALL=usable" } */
/* { dg-variant "-DSIZE=48 -DOFFSET=16 -DCALL=usable" } */
/* { dg-variant "-DSIZE=3000 -DOFFSET=16 -DCALL=usable" } */
/* { dg-variant "-DSIZE=40000 -DOFFSET=4096 -DCALL=usable" } */
/* { dg-variant "-DSIZE=250000 -DOFFSET=65536 -DCALL=usable" } */
/* { dg-variant "-DSIZE=300000 -DOFFSET=65536 -DCALL=usable" } */
/* { dg-variant "-DSIZE=3000000 -DOFFSET=65536 -DCALL=usable" } */
/* { dg-death {free\(\): invalid pointer %p} } */
/* { dg-death {realloc\(\): invalid pointer %p} *CALL=resize* } */
/* { dg-death {malloc_usable_size\(\): invalid pointer %p} *CALL=usable* } */
#include "death.h"

#ifndef CALL
#define CALL release
#endif

static UNUSED void call_release(void *p)
{
    free(p);
}

static UNUSED void call_resize(void *p)
{
    CHECK(realloc(p, 100000) == NULL);
}

static UNUSED void call_usable(void *p)
{
    CHECK(malloc_usable_size(p) == 0);
}

#define CALL_2(name) call_##name
#define CALL_1(name) CALL_2(name)

int main(void)
{
    char *before = malloc(SIZE), *p = malloc(SIZE), *behind = malloc(SIZE);
    CHECK(before && p && behind);
    memset(p, 0, SIZE);
    hide(tell(p + OFFSET));
    FAULT(CALL_1(CALL)(p + OFFSET));
    free(before);
    free(p);
    free(behind);
    churn(SIZE);
    return 0;
}
