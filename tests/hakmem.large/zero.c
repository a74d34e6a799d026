/* SPDX-License-Identifier: MIT */
/* calloc on memory that was used: cached large mappings, spans, and after malloc_trim. */
/* { dg-link preload core } */
#include "check.h"

int main(void)
{
    for (int round = 0; round < 6; round++) {
        for (size_t n = 20000; n < 30000000; n = n * 2 + 4097) {
            char *p = malloc(n), *q;
            CHECK(p);
            memset(p, 0xff, n);
            if (round & 1)
                CHECK((p = realloc(p, n / 2)));
            free(p);
            if (round == 4)
                malloc_trim(0);
            CHECK((q = calloc(n / 8, 8)));
            CHECK(q[0] == 0 && memcmp(q, q + 1, n / 8 * 8 - 1) == 0);
            memset(q, 0xee, n / 8 * 8);
            free(q);
        }
    }
    CHECK(heap_check() == 0);
    return 0;
}
