/* SPDX-License-Identifier: MIT */
/* One allocation in so many bytes is guarded, whether samples are taken for that alone or more often; half of
 * them at the end of their page. Within seven deviations. */
/* { dg-env HAKMEM_GUARD_BYTES=100000 } */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_SAMPLE=1 HAKMEM_SAMPLE_BYTES=10000" } */
#include "guarded.h"

enum { SIZE = 112, COUNT = 2000000, MEAN = 100000 };

int main(void)
{
    double wants = (double)SIZE * COUNT / MEAN, off, deviations;
    int guarded_ones = 0, at_end = 0;
    for (int i = 0; i < COUNT; i++) {
        char *p = allocate(SIZE - 1); /* others have a usable size of SIZE or more */
        if (malloc_usable_size(p) == SIZE - 1) {
            guarded_ones++;
            at_end += is_at_end(p, SIZE - 1);
        }
        free(p);
    }
    off = guarded_ones - wants;
    deviations = off * off / wants;
    if (deviations > 49)
        dprintf(2, "%d guarded, %.0f wanted\n", guarded_ones, wants);
    CHECK(deviations <= 49);
    off = at_end - guarded_ones / 2.0;
    CHECK(off * off / (guarded_ones / 4.0) <= 49);
    return 0;
}
