/* SPDX-License-Identifier: MIT */
/* Freed large mappings that are wanted again stay within HAKMEM_LARGE_CACHE_BYTES, together with what is in
 * use within the recent peak, and malloc_trim drops them all. */
/* { dg-link preload core } */
/* { dg-variant "-DLIMIT=209715200" } */
/* { dg-variant "-DLIMIT=67108864 HAKMEM_LARGE_CACHE_BYTES=64m" } */
/* { dg-variant "-DLIMIT=0 HAKMEM_LARGE_CACHE_BYTES=0" } */
/* { dg-variant "-DLIMIT=8388608 HAKMEM_LARGE_CACHE_BYTES=8m" } */
#include "check.h"

enum { COUNT = 40, SIZE = 5000000 };

static void allocate_and_free(char **block)
{
    struct hak_stats stats;
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(SIZE + i * 10000)));
        memset(block[i], 1, SIZE + i * 10000);
    }
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.large_bytes >= (uint64_t)COUNT * SIZE);
    CHECK(resident_kib() > (long)COUNT * SIZE / 1024);
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.large_bytes == 0);
}

int main(void)
{
    struct hak_stats stats;
    char *block[COUNT];
    allocate_and_free(block); /* nothing is kept that was not wanted again */
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.retained_bytes <= 4u << 20);
    allocate_and_free(block);
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.retained_bytes <= LIMIT + (4u << 20));
    CHECK(resident_kib() < LIMIT / 1024 + 16384);
#if LIMIT
    CHECK(malloc_trim(0) == 1);
#else
    malloc_trim(0);
#endif
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.retained_bytes == 0);
    CHECK(resident_kib() < 16384);
    return 0;
}
