/* SPDX-License-Identifier: MIT */
/* HAKMEM_CACHE_BYTES bounds what a thread keeps of one class; HAKMEM_RETAIN_BYTES the EMPTY slabs. */
/* { dg-variant "-DMOST=4096 HAKMEM_CACHE_BYTES=0 HAKMEM_RETAIN_BYTES=0" } */
/* { dg-variant "-DMOST=65536 HAKMEM_CACHE_BYTES=1k HAKMEM_RETAIN_BYTES=0" } */
/* { dg-variant "-DMOST=1048576 -DRETAIN=1048576" } */
#include "check.h"

#ifndef RETAIN
#define RETAIN 0
#endif
enum { COUNT = 100000 };
static void *block[COUNT];

int main(void)
{
    struct hak_stats stats;
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = malloc(256)));
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.cached_bytes <= MOST);
    CHECK(stats.retained_bytes <= RETAIN + MOST);
    CHECK(stats.purged_bytes > 20u << 20);
    return 0;
}
