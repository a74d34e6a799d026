/* SPDX-License-Identifier: MIT */
/* Sizes that cannot be: NULL and ENOMEM from every function, what lives stays as it is. */
#include "check.h"

static void refused(void *p)
{
    CHECK(p == NULL);
    CHECK(errno == ENOMEM);
    errno = 0;
}

int main(void)
{
    static const size_t sizes[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX - 15, SIZE_MAX};
    char *keep = malloc(100);
    memset(keep, 'k', 100);
    errno = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = (size_t)(uintptr_t)hide((void *)sizes[i]);
        void *out = keep;
        refused(malloc(n));
        refused(calloc(1, n));
        refused(calloc(n, 1));
        refused(calloc(n / 2, 4));
        refused(realloc(keep, n));
        refused(realloc(NULL, n));
        refused(reallocarray(keep, n, 1));
        refused(memalign(64, n));
        refused(memalign(8, n));
        refused(aligned_alloc(4096, n));
        refused(valloc(n));
        refused(pvalloc(n));
        CHECK(posix_memalign(&out, 64, n) == ENOMEM && out == keep);
        errno = 0;
    }
    for (int i = 0; i < 100; i++)
        CHECK(keep[i] == 'k');
    free(keep);
    return 0;
}
