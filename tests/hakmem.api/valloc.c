/* SPDX-License-Identifier: MIT */
/* valloc gives a page-aligned block; pvalloc also rounds the size up to whole pages. */
#include "check.h"

int main(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t n = 0; n < 3000000; n = n * 3 + 1) {
        char *p = valloc(n), *q = pvalloc(n);
        CHECK(p && (uintptr_t)p % page == 0 && malloc_usable_size(p) >= n);
        CHECK(q && (uintptr_t)q % page == 0 && malloc_usable_size(q) >= (n + page - 1) / page * page);
        memset(p, 1, n);
        memset(q, 2, (n + page - 1) / page * page);
        CHECK(n == 0 || (p[0] == 1 && p[n - 1] == 1 && q[0] == 2));
        free(p);
        free(q);
    }
    return 0;
}
