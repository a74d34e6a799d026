/* SPDX-License-Identifier: MIT */
/* memalign and aligned_alloc take any alignment and round it up; only above 2^63 it is EINVAL. */
#include "check.h"

static void try_align(void *(*function)(size_t, size_t), size_t align, size_t want)
{
    for (size_t n = 1; n < 300000; n = n * 5 + 3) {
        errno = 0;
        char *p = function(align, n);
        CHECK(p && (uintptr_t)p % want == 0 && errno == 0);
        CHECK(malloc_usable_size(p) >= n);
        memset(p, 1, n);
        free(p);
    }
}

int main(void)
{
    void *(*functions[])(size_t, size_t) = {memalign, aligned_alloc};
    for (int f = 0; f < 2; f++) {
        for (size_t align = 1; align <= 1 << 20; align *= 2)
            try_align(functions[f], align, align < 16 ? 16 : align);
        try_align(functions[f], 0, 16);
        try_align(functions[f], 3, 16);
        try_align(functions[f], 17, 32);
        try_align(functions[f], 48, 64);
        try_align(functions[f], 4097, 8192);
        errno = 0;
        CHECK(functions[f]((SIZE_MAX >> 1) + 2, 10) == NULL && errno == EINVAL);
        errno = 0;
        CHECK(functions[f](SIZE_MAX, 10) == NULL && errno == EINVAL);
        errno = 0;
        CHECK(functions[f]((SIZE_MAX >> 1) + 1, 10) == NULL && errno == ENOMEM);
    }
    return 0;
}
