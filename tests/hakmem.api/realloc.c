/* SPDX-License-Identifier: MIT */
/* realloc(NULL, n) allocates, realloc(p, 0) frees and gives NULL, contents are kept. */
#include "check.h"

int main(void)
{
    errno = 0;
    for (int i = 0; i < 100000; i++) /* would be 10 GB if it did not free */
        CHECK(realloc(malloc(100000), 0) == NULL);
    CHECK(resident_kib() < 100000);
    CHECK(errno == 0);
    char *p = realloc(NULL, 0);
    CHECK(p);
    size_t old = 0;
    for (size_t n = 1; n < 3000000; n += 1 + n / 7) {
        p = realloc(p, n);
        CHECK(p && (uintptr_t)p % 16 == 0 && malloc_usable_size(p) >= n);
        for (size_t k = 0; k < old; k += 1 + (n > 5000) * 613)
            CHECK(p[k] == (char)(k % 251));
        for (size_t k = 0; k < n; k++)
            p[k] = (char)(k % 251);
        old = n;
    }
    for (size_t n = 3000000; n > 0; n -= 1 + n / 7) {
        if (n > old)
            continue;
        p = realloc(p, n);
        CHECK(p);
        for (size_t k = 0; k < n; k += 1 + (n > 5000) * 613)
            CHECK(p[k] == (char)(k % 251));
    }
    free(p);
    CHECK(errno == 0);
    return 0;
}
