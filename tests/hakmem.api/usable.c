/* SPDX-License-Identifier: MIT */
/* Every byte that malloc_usable_size counts may be used, also of neighbours at the same time. */
#include "check.h"

int main(void)
{
    static struct {
        unsigned char *p;
        size_t n;
    } block[2000];
    uint64_t state = 99;
    for (int i = 0; i < 2000; i++) {
        size_t n = next_random(&state) % (i % 100 ? 2000 : 200000);
        block[i].p = i % 7 ? malloc(n) : memalign(128, n);
        CHECK(block[i].p);
        block[i].n = malloc_usable_size(block[i].p);
        CHECK(block[i].n >= n);
        memset(block[i].p, i & 0xff, block[i].n);
    }
    for (int i = 0; i < 2000; i++) {
        for (size_t k = 0; k < block[i].n; k++)
            CHECK(block[i].p[k] == (i & 0xff));
        free(block[i].p);
    }
    return 0;
}
