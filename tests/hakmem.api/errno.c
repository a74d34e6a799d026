/* SPDX-License-Identifier: MIT */
/* errno survives free and every success, whatever system calls they make. */
#include "check.h"

int main(void)
{
    for (size_t n = 1; n < (size_t)64 << 20; n = n * 2 + 7) {
        void *p, *q, *r;
        errno = 12345;
        CHECK((p = malloc(n)) && (q = calloc(1, n)));
        CHECK(errno == 12345);
        CHECK((p = realloc(p, n * 2)) && (q = realloc(q, n / 2 + 1)));
        CHECK(posix_memalign(&r, 4096, n) == 0);
        CHECK(malloc_usable_size(r) >= n);
        CHECK(errno == 12345);
        free(p);
        free(q);
        free(r);
        CHECK(errno == 12345);
    }
    errno = 777;
    (void)malloc_trim(0);
    free(NULL);
    CHECK(errno == 777);
    return 0;
}
