/* SPDX-License-Identifier: MIT */
/* Blocks above 32 KiB count with the pages that were asked for, or in a strip with the units of 2 KiB, not
 * with the granules that they take; the usable size says the same, also after a resize in place. */
/* { dg-env HAKMEM_LIMIT_BYTES=200m } */
/* { dg-link shared } */
#include <stdbool.h>
#include <sys/types.h>

#include "check.h"

enum { COUNT = 200 };
static char *block[COUNT];
static int strips; /* blocks that lay in one */

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

/* The block of SIZE at I counts with this many bytes. */
static size_t counted(int i, size_t size)
{
    CHECK(block[i]);
    size_t usable = malloc_usable_size(block[i]);
    bool span = (uintptr_t)block[i] % 65536 == 0 && usable == pages(size);
    strips += !span;
    CHECK(span || usable == (size + 2047) / 2048 * 2048);
    return usable;
}

static void check_size(size_t size)
{
    size_t before = live(), sum = before;
    for (int i = 0; i < COUNT; i++) {
        block[i] = i % 2 ? malloc(size) : calloc(1, size);
        sum += counted(i, size);
        memset(block[i], i, malloc_usable_size(block[i]));
    }
    CHECK(live() == sum);
    for (int i = 0; i < COUNT; i += 2) {
        sum -= counted(i, size);
        free(block[i]);
    }
    CHECK(live() == sum);
    for (int i = 0; i < COUNT; i += 2) { /* from the shelf, the first of them */
        block[i] = malloc(size - 5000);
        sum += counted(i, size - 5000);
    }
    CHECK(live() == sum);
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
    CHECK(strips > 0);

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
