/* SPDX-License-Identifier: MIT */
/* Uses every size range under whatever options are set. */
#include "check.h"

int main(void)
{
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n < 3000000; n = n * 3 + 1) {
            char *p = malloc(n), *q = calloc(1, n);
            CHECK(p && q && q[n - 1] == 0);
            memset(p, 1, n);
            CHECK((p = realloc(p, n * 2)));
            CHECK(p[0] == 1 && p[n - 1] == 1);
            free(p);
            free(q);
        }
    }
    CHECK(heap_check() == 0);
    dprintf(1, "done\n");
    return 0;
}
