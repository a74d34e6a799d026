/* SPDX-License-Identifier: MIT */
/* hak_owns() answers for every address without touching it. */
#include "check.h"

static char global[64];

int main(void)
{
    char local[64];
    static const size_t sizes[] = {1, 3000, 20000, 300000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *p = malloc(sizes[i]);
        CHECK(hak_owns(p) == 1);
        CHECK(hak_owns(p + sizes[i] - 1) == 1);
        free(p);
    }
    CHECK(hak_owns(NULL) == 0);
    CHECK(hak_owns(global) == 0);
    CHECK(hak_owns(local) == 0);
    CHECK(hak_owns((void *)main) == 0);
    CHECK(hak_owns((void *)-1) == 0);
    CHECK(hak_owns((void *)INTPTR_MAX) == 0);
    CHECK(hak_owns((void *)INTPTR_MIN) == 0);
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 1000000; i++) /* any 64-bit pattern; none is in a heap this small */
        (void)hak_owns((void *)next_random(&state));
    return 0;
}
