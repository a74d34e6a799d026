/* SPDX-License-Identifier: MIT */
/* HAKMEM_TINY_NO_CLASS_MAP answers the same by another way: blocks of every kind, and thread caches that no
 * free fills. */
/* { dg-link shared } */
/* { dg-variant "-DCACHED=1" } */
/* { dg-variant "-DCACHED=0 HAKMEM_TINY_NO_CLASS_MAP=1" } */
#include "check.h"

enum { COUNT = 300 };
static char *block[COUNT];

static size_t size_of(int i)
{
    static const size_t sizes[] = {1, 24, 500, 1024, 5000, 32768, 100000, 1048576, 3000000};
    return sizes[i % 9];
}

int main(void)
{
    struct hak_stats s;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            CHECK((block[i] = malloc(size_of(i))));
            memset(block[i], i, size_of(i));
            CHECK(malloc_usable_size(block[i]) >= size_of(i) && hak_owns(block[i]));
        }
        for (int i = 0; i < COUNT; i++) {
            CHECK(block[i][size_of(i) - 1] == (char)i);
            CHECK((block[i] = realloc(block[i], size_of(i) * 2)) && block[i][0] == (char)i);
            free(block[i]);
        }
    }
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = malloc(160)));
    CHECK(hak_stats_get(&s, sizeof s) == 0);
    uint64_t before = s.cached_bytes;
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(hak_stats_get(&s, sizeof s) == 0);
    CHECK((s.cached_bytes > before) == CACHED);
    CHECK(hak_check() == 0);
    return 0;
}
