/* SPDX-License-Identifier: MIT */
/* Aligned blocks of every power of two and many sizes, live together, written in full. */
#include "check.h"

int main(void)
{
    static const size_t sizes[] = {1, 24, 100, 1000, 5000, 33000, 400000, 2000000};
    for (size_t align = 1; align <= (size_t)8 << 20; align *= 2) {
        char *block[8][3];
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < 3; k++) {
                char *p = block[i][k] = memalign(align, sizes[i]);
                CHECK(p && (uintptr_t)p % align == 0 && (uintptr_t)p % 16 == 0);
                CHECK(malloc_usable_size(p) >= sizes[i]);
                memset(p, i * 3 + k, sizes[i]);
            }
        }
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < 3; k++) {
                char *p = block[i][k];
                for (size_t at = 0; at < sizes[i]; at += 1 + at / 16)
                    CHECK(p[at] == i * 3 + k);
                if (k == 1) {
                    p = realloc(p, sizes[i] * 2);
                    CHECK(p && p[0] == i * 3 + k && p[sizes[i] - 1] == i * 3 + k);
                }
                free(p);
            }
        }
    }
    CHECK(heap_check() == 0);
    return 0;
}
