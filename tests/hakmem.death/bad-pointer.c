/* SPDX-License-Identifier: MIT */
/* Pointers that malloc never returned, given to free, realloc and malloc_usable_size. */
/* { dg-link preload core } */
/* { dg-variant "-DWHERE=local" } */
/* { dg-variant "-DWHERE=global" } */
/* { dg-variant "-DWHERE=global+8" } */
/* { dg-variant "-DWHERE=global+1" } */
/* { dg-variant "-DWHERE=(char*)main" } */
/* { dg-variant "-DWHERE=(char*)0x10" } */
/* { dg-variant "-DWHERE=(char*)0x7ffffffffff0" } */
/* { dg-variant "-DWHERE=(char*)-16" } */
/* { dg-variant "-DWHERE=(char*)0x4141414141414141" } */
/* { dg-variant "-DWHERE=mapped" } */
/* { dg-variant "-DWHERE=local -DCALL=resize" } */
/* { dg-variant "-DWHERE=global+8 -DCALL=resize" } */
/* { dg-variant "-DWHERE=(char*)0x7ffffffffff0 -DCALL=resize" } */
/* { dg-variant "-DWHERE=local -DCALL=usable" } */
/* { dg-variant "-DWHERE=global+8 -DCALL=usable" } */
/* { dg-variant "-DWHERE=(char*)0x7ffffffffff0 -DCALL=usable" } */
/* { dg-death {(hak_)?free\(\): invalid pointer %p} } */
/* { dg-death {(hak_)?realloc\(\): invalid pointer %p} *CALL=resize* } */
/* { dg-death {(malloc|hak)_usable_size\(\): invalid pointer %p} *CALL=usable* } */
#include <sys/mman.h>

#include "death.h"

#ifndef CALL
#define CALL release
#endif

static char global[256];

static UNUSED void call_release(void *p)
{
    free(p);
}

static UNUSED void call_resize(void *p)
{
    CHECK(realloc(p, 100) == NULL);
}

static UNUSED void call_usable(void *p)
{
    CHECK(malloc_usable_size(p) == 0);
}

#define CALL_2(name) call_##name
#define CALL_1(name) CALL_2(name)

int main(void)
{
    char local[256];
    char *mapped = mmap(NULL, 1 << 22, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    free(malloc(100));
    memset(local, 0, sizeof local);
    memset(global, 0, sizeof global);
    hide(mapped);
    char *p = tell(WHERE);
    (void)p;
    FAULT(CALL_1(CALL)(p));
    return 0;
}
