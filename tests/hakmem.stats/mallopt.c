/* SPDX-License-Identifier: MIT */
/* mallopt accepts glibc's hints, with nothing broken afterwards. M_PERTURB is more than a hint: 0. */
#include "check.h"

int main(void)
{
    static const int parameters[] = {M_MXFAST,   M_TRIM_THRESHOLD, M_TOP_PAD,    M_MMAP_THRESHOLD,
                                     M_MMAP_MAX, M_CHECK_ACTION,   M_ARENA_TEST, M_ARENA_MAX};
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        CHECK(mallopt(parameters[i], 1) == 1);
    CHECK(mallopt(M_PERTURB, 0xaa) == 0);
    for (size_t n = 1; n < 3000000; n = n * 3 + 1) {
        char *p = malloc(n);
        CHECK(p);
        memset(p, 1, n);
        free(p);
    }
    CHECK(heap_check() == 0);
    return 0;
}
