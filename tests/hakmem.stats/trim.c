/* SPDX-License-Identifier: MIT */
/* malloc_trim gives memory back: 1 with a smaller process, 0 when there is nothing to give. */
#include "check.h"

enum { COUNT = 300000, KEEP = 1000 };
static char *block[COUNT];

int main(void)
{
    uint64_t state = 1;
    for (int i = 0; i < COUNT; i++) {
        size_t n = 64 + next_random(&state) % 512;
        CHECK((block[i] = malloc(n)));
        memset(block[i], 1, n);
    }
    long full = resident_kib();
    CHECK(full > 90000);
    for (int i = 0; i < COUNT; i++)
        if (i % KEEP)
            free(block[i]);
    CHECK(resident_kib() < 29000); /* at once: a quarter of what it was, and the array */
    CHECK(malloc_trim(0) == 1);
    CHECK(resident_kib() < 12000); /* 2,400 for the array, the rest for 300 blocks and the program */
    for (int i = 0; i < COUNT; i += KEEP) {
        CHECK(block[i][0] == 1 && block[i][63] == 1);
        free(block[i]);
    }
    malloc_trim(0);
    CHECK(malloc_trim(0) == 0);
    return 0;
}
