/* SPDX-License-Identifier: MIT */
/* HAKMEM_SS_EMPTY_REUSE and HAKMEM_SS_EMPTY_SCAN_LIMIT decide which slabs serve again; and with a wide scan
 * the one in the fullest superslab does. */
/* { dg-link shared } */
/* { dg-variant "-DSAME=1 -DANY=1" } */
/* { dg-variant "-DSAME=1 -DANY=0 HAKMEM_SS_EMPTY_SCAN_LIMIT=0" } */
/* { dg-variant "-DSAME=1 -DANY=1 -DFULLEST HAKMEM_SS_EMPTY_SCAN_LIMIT=1024 HAKMEM_RETAIN_BYTES=64m" } */
/* { dg-variant "-DSAME=0 -DANY=0 HAKMEM_SS_EMPTY_REUSE=0" } */
#include "check.h"

enum { COUNT = 40000, SUPERSLAB_SHIFT = 21 };
static void *block[COUNT];

static void fill(size_t size, int n)
{
    for (int i = 0; i < n; i++)
        CHECK((block[i] = malloc(size)));
}

static void empty(int n)
{
    for (int i = 0; i < n; i++)
        free(block[i]);
}

static UNUSED uintptr_t superslab(const void *p)
{
    return (uintptr_t)p >> SUPERSLAB_SHIFT;
}

/* Two superslabs with EMPTY slabs: all of one but a few, then one of the other. */
static UNUSED void fullest(void)
{
    enum { HALVES = 300 }; /* blocks of 32 KiB, two to a slab */
    fill(32768, HALVES);
    uintptr_t first = superslab(block[100]), second = 0;
    for (int i = 100; i < HALVES && !second; i++)
        if (superslab(block[i]) != first && superslab(block[i]) != superslab(block[HALVES - 1]))
            second = superslab(block[i]);
    CHECK(second);
    hak_trim(0);
    int kept = 0, freed_first = 0;
    for (int i = 0; i < HALVES; i++) /* of the first one slab, the rest stays */
        if (superslab(block[i]) == first && freed_first < 4) {
            free(block[i]);
            block[i] = NULL;
            freed_first++;
        }
    for (int i = 0; i < HALVES; i++) /* of the second all but some */
        if (block[i] && superslab(block[i]) == second && kept++ >= 6) {
            free(block[i]);
            block[i] = NULL;
        }
    char *small = malloc(700); /* a class not used so far */
    CHECK(superslab(small) == first);
    free(small);
    empty(HALVES);
}

int main(void)
{
    struct hak_stats s;
    fill(256, COUNT);
    empty(COUNT);
    hak_stats_get(&s, sizeof s);
    uint64_t same = s.stage_empty, any = s.stage_empty_any;
    fill(256, COUNT);
    fill(3000, COUNT / 4);
    hak_stats_get(&s, sizeof s);
    CHECK((s.stage_empty > same) == SAME);
    empty(COUNT / 4);
    fill(800, COUNT);
    hak_stats_get(&s, sizeof s);
    CHECK((s.stage_empty_any > any) == ANY);
#ifdef FULLEST
    fullest();
#endif
    CHECK(hak_check() == 0);
    return 0;
}
