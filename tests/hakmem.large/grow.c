/* SPDX-License-Identifier: MIT */
/* realloc up to 64 MiB and down again, by steps and by factors, contents checked at every step. */
/* { dg-link preload core } */
/* { dg-variant "-DNEXT=n+n/2+1" } */
/* { dg-variant "-DNEXT=n+1500000" } */
/* { dg-variant "-DNEXT=n*2+1 HAKMEM_LARGE_CACHE_BYTES=0" } */
/* { dg-variant "-DNEXT=n*2+1 -DNEIGHBOURS" } */
#include "check.h"

static void fill(uint64_t *p, size_t from, size_t to)
{
    for (size_t i = from / 8; i < to / 8; i++)
        p[i] = i * 0x9e3779b97f4a7c15u;
}

static void verify(const uint64_t *p, size_t n)
{
    for (size_t i = 0; i < n / 8; i += 1 + (i > 4096) * 100)
        CHECK(p[i] == i * 0x9e3779b97f4a7c15u);
    CHECK(n < 8 || p[n / 8 - 1] == (n / 8 - 1) * 0x9e3779b97f4a7c15u);
}

int main(void)
{
    static const size_t top = (size_t)64 << 20;
    for (int round = 0; round < 3; round++) {
        uint64_t *p = NULL;
        size_t n = 0, old = 0;
        char *between[200];
        int count = 0;
        while (n < top) {
            old = n;
            n = NEXT;
            CHECK((p = realloc(p, n)));
            CHECK((uintptr_t)p % 16 == 0 && malloc_usable_size(p) >= n);
            verify(p, old);
            fill(p, old, n);
#ifdef NEIGHBOURS
            CHECK(count < 200 && (between[count++] = malloc(n / 3 + 1)));
            memset(between[count - 1], 0xcc, n / 3 + 1);
#endif
        }
        verify(p, n);
        while (n > 10) {
            n = n / 3;
            CHECK((p = realloc(p, n)));
            verify(p, n);
        }
        free(p);
        while (count > 0)
            free(between[--count]);
        CHECK(heap_check() == 0);
    }
    return 0;
}
