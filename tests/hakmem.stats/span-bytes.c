/* SPDX-License-Identifier: MIT */
/* Blocks above 32 KiB count with the pages that were asked for, not with the granules that they take; the
 * usable size says the same, also after a resize in place. */
/* { dg-link shared } */
#include <sys/types.h>

#include "check.h"

enum { COUNT = 200 };
static char *block[COUNT];

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static size_t pages(size_t size)
{
    return (size + 4095) & ~(size_t)4095;
}

static int add(void *p, size_t size, void *sum)
{
    *(size_t *)sum += size;
    return p == NULL;
}

/* The statistics, and the walk over all blocks, which sees the same. */
static size_t live(void)
{
    struct hak_stats s;
    size_t sum = 0;
    CHECK(hak_stats_get(&s, sizeof s) == 0);
    CHECK(hak_walk(add, &sum) == 0);
    CHECK(s.live_bytes == in_use() && sum == in_use());
    return sum;
}

static void check_size(size_t size)
{
    size_t before = live();
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = i % 2 ? malloc(size) : calloc(1, size)));
        CHECK(malloc_usable_size(block[i]) == pages(size));
        memset(block[i], i, pages(size));
    }
    CHECK(live() == before + COUNT * pages(size));
    for (int i = 0; i < COUNT; i += 2)
        free(block[i]);
    CHECK(live() == before + COUNT / 2 * pages(size));
    for (int i = 0; i < COUNT; i += 2) /* from the shelf, the first of them */
        CHECK((block[i] = malloc(size - 5000)) && malloc_usable_size(block[i]) == pages(size - 5000));
    CHECK(live() == before + COUNT / 2 * (pages(size) + pages(size - 5000)));
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(live() == before);
}

int main(void)
{
    static const size_t sizes[] = {40000, 65536, 70000, 140000, 200001, 700000};
    free(hide(malloc(1)));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        check_size(sizes[i]);

    size_t before = live();
    char *p = malloc(70000), *q;
    memset(p, 9, 70000);
    CHECK((q = realloc(p, 120000)) == p); /* within its granules */
    CHECK(malloc_usable_size(p) == pages(120000) && live() == before + pages(120000));
    memset(p + 70000, 9, 50000);
    CHECK((q = realloc(p, 800000)));
    for (int i = 0; i < 120000; i++)
        CHECK(q[i] == 9);
    CHECK(live() == before + pages(800000));
    free(q);
    CHECK(live() == before && hak_check() == 0);
    return 0;
}
