/* SPDX-License-Identifier: MIT */
/* realloc keeps the contents over every pair of size ranges, up and down. */
#include "check.h"

static const size_t sizes[] = {1,    15,    16,    17,     500,     1024,    1025,
                               5000, 32768, 40000, 200000, 1048576, 1048577, 5000000};
enum { COUNT = sizeof sizes / sizeof *sizes };

static void pattern(unsigned char *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)((i * 31 + seed) ^ (i >> 8));
}

static int intact(const unsigned char *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != (unsigned char)((i * 31 + seed) ^ (i >> 8)))
            return 0;
    return 1;
}

int main(void)
{
    for (unsigned from = 0; from < COUNT; from++) {
        for (unsigned to = 0; to < COUNT; to++) {
            unsigned char *p = malloc(sizes[from]);
            CHECK(p);
            pattern(p, sizes[from], from + to);
            p = realloc(p, sizes[to]);
            CHECK(p && malloc_usable_size(p) >= sizes[to]);
            CHECK(intact(p, sizes[from] < sizes[to] ? sizes[from] : sizes[to], from + to));
            memset(p, 1, sizes[to]);
            free(p);
        }
    }
    CHECK(realloc(malloc(10), 0) == NULL);
    unsigned char *fresh = realloc(NULL, 100);
    CHECK(fresh && malloc_usable_size(fresh) >= 100);
    free(fresh);
    CHECK(heap_check() == 0);
    return 0;
}
