/* SPDX-License-Identifier: MIT */
/* malloc(0) and calloc(0, n) give unique, aligned, freeable pointers. */
#include "check.h"

int main(void)
{
    void *p[1000];
    for (int i = 0; i < 1000; i++) {
        p[i] = i % 3 ? malloc(0) : i % 2 ? calloc(0, 8) : calloc(8, 0);
        CHECK(p[i] && (uintptr_t)p[i] % 16 == 0);
        for (int k = 0; k < i; k++)
            CHECK(p[k] != p[i]);
    }
    for (int i = 0; i < 1000; i++)
        free(p[i]);
    free(NULL);
    CHECK(malloc_usable_size(NULL) == 0);
    return 0;
}
