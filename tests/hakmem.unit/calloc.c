/* SPDX-License-Identifier: MIT */
/* calloc clears memory that was used before, in every size range, and fresh memory is zero too. */
#include "check.h"

static int is_zero(const char *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

int main(void)
{
    static const size_t sizes[] = {1,    16,    17,    100,   1024,   1025,    3000,
                                   8000, 32768, 32769, 70000, 300000, 1048576, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i];
        char *block[40];
        int count = n > 100000 ? 4 : 40;
        for (int round = 0; round < 3; round++) {
            for (int k = 0; k < count; k++) {
                CHECK((block[k] = calloc(n, 1)));
                CHECK(is_zero(block[k], n));
                memset(block[k], 0xa5, malloc_usable_size(block[k]));
            }
            for (int k = 0; k < count; k++)
                free(block[round % 2 ? k : count - 1 - k]);
            if (round == 1)
                malloc_trim(0);
        }
    }
    CHECK(heap_check() == 0);
    return 0;
}
