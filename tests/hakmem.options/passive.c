/* SPDX-License-Identifier: MIT */
/* Passive mode: the C library serves everything, and its statistics see it. */
/* { dg-variant "HAKMEM_TINY_SS_SHARED=0" } */
/* { dg-variant "HAKMEM_ENABLED=0" } */
/* { dg-variant "HAKMEM_ENABLED=no HAKMEM_TINY_SLL_VALIDATE_HDR=on" } */
/* { dg-variant "HAKMEM_TINY_USE_SUPERSLAB=0" } */
/* { dg-variant "HAKMEM_TINY_USE_SUPERSLAB=0 HAKMEM_TINY_SS_SHARED=2" } */
/* { dg-variant "HAKMEM_TINY_SS_SHARED=0 HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "-DACTIVE" } */
/* { dg-variant "-DACTIVE HAKMEM_ENABLED=yes" } */
/* { dg-variant "-DACTIVE HAKMEM_TINY_SS_SHARED=1" } */
/* { dg-variant "-DACTIVE HAKMEM_TINY_SS_SHARED=2 HAKMEM_TINY_USE_SUPERSLAB=1" } */
#include "check.h"

#ifdef ACTIVE
enum { OURS = 1 };
#else
enum { OURS = 0 };
#endif

int main(void)
{
    struct hak_stats stats;
    for (size_t n = 0; n < 5000000; n = n * 3 + 1) {
        char *p = malloc(n), *q = calloc(n, 2), *r = memalign(4096, n);
        CHECK(p && q && r && (uintptr_t)r % 4096 == 0);
        CHECK(heap_owns(p) == OURS && heap_owns(q) == OURS && heap_owns(r) == OURS);
        CHECK((p = realloc(p, n * 2 + 1)));
        CHECK(heap_owns(p) == OURS && malloc_usable_size(p) >= n * 2 + 1);
        free(p);
        free(q);
        free(r);
    }
    CHECK(heap_stats(&stats) == 0);
    CHECK((stats.slab_bytes > 0) == OURS);
    CHECK(malloc((size_t)PTRDIFF_MAX + 1) == NULL && errno == ENOMEM);
    return 0;
}
