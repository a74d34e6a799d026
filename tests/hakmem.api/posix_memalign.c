/* SPDX-License-Identifier: MIT */
/* posix_memalign: EINVAL unless a power of two and a multiple of the pointer size. */
#include "check.h"

int main(void)
{
    static const size_t bad[] = {0, 1, 2, 3, 4, 5, 7, 9, 12, 24, 40, 48, 4095, 4097, SIZE_MAX, SIZE_MAX - 7};
    void *mark = &mark, *p = mark;
    errno = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(posix_memalign(&p, bad[i], 100) == EINVAL);
        CHECK(p == mark);
    }
    CHECK(errno == 0);
    for (size_t align = sizeof(void *); align <= 4 << 20; align *= 2) {
        for (size_t n = 0; n < 100000; n = n * 3 + 1) {
            CHECK(posix_memalign(&p, align, n) == 0);
            CHECK(p && (uintptr_t)p % align == 0);
            CHECK(malloc_usable_size(p) >= n);
            memset(p, 0xee, n);
            free(p);
        }
    }
    CHECK(errno == 0);
    return 0;
}
