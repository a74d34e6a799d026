/* SPDX-License-Identifier: MIT */
/* Free pages of strips that stay in use go back to the system: at once beyond a small budget, all by request,
 * and after the purge delay. What is needed again at once is kept from then on. */
/* { dg-env HAKMEM_LIMIT_BYTES=200m } */
/* { dg-variant "HAKMEM_PURGE_DELAY=100" } */
#include <time.h>

#include "check.h"

enum { WASTE = 200, COUNT = 600, SIZE = 50000, BUDGET = 1 << 20 };
static char *block[COUNT];

static struct hak_stats now(void)
{
    struct hak_stats stats;
    CHECK(heap_stats(&stats) == 0 && heap_check() == 0);
    return stats;
}

static void allocate(int step)
{
    for (int i = 0; i < COUNT; i += step)
        CHECK(block[i] || (block[i] = memset(malloc(SIZE), 1, SIZE)));
}

/* Every second block: no strip becomes empty. */
static void make_holes(void)
{
    for (int i = 0; i < COUNT; i += 2) {
        free(block[i]);
        block[i] = NULL;
    }
}

static void wait_ms(long ms)
{
    struct timespec until, at;
    clock_gettime(CLOCK_MONOTONIC, &until);
    do {
        clock_gettime(CLOCK_MONOTONIC, &at);
    } while ((at.tv_sec - until.tv_sec) * 1000 + (at.tv_nsec - until.tv_nsec) / 1000000 < ms);
}

int main(void)
{
    for (int i = 0; i < WASTE; i++)
        CHECK(hide(malloc(33000)));
    allocate(1);
    struct hak_stats full = now();
    make_holes();
    struct hak_stats holes = now();
    /* Of each hole the part of a page at its ends may be left. */
    uint64_t ends = COUNT / 2 * 4096, gone = (uint64_t)COUNT / 2 * SIZE;
    CHECK(holes.live_bytes < full.live_bytes && holes.mapped_bytes >= full.mapped_bytes - BUDGET);
    CHECK(holes.resident_bytes <= full.resident_bytes - gone + ends + BUDGET);

    for (int round = 0; round < 3; round++) { /* given up too early: kept */
        allocate(1);
        make_holes();
    }
    struct hak_stats kept = now();
    CHECK(kept.retained_bytes > BUDGET);
    CHECK(kept.purged_bytes - holes.purged_bytes < 3 * gone);

    malloc_trim(0);
    CHECK(now().retained_bytes == 0);
    CHECK(now().resident_bytes <= full.resident_bytes - gone + ends);
    CHECK(now().resident_free_bytes <= ends);

    allocate(1);
    make_holes();
    CHECK(now().resident_free_bytes > ends); /* what was freed last is there still */
    for (int i = 0; i < 200 && now().resident_free_bytes > ends; i++) {
        void *other[400];
        wait_ms(10);
        for (int k = 0; k < 400; k++)
            CHECK((other[k] = malloc(3000)));
        for (int k = 0; k < 400; k++)
            free(other[k]);
    }
    CHECK(now().resident_free_bytes <= ends + 400 * 3072);
    return 0;
}
