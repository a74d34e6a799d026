/* SPDX-License-Identifier: MIT */
/* Any power of two up to 64 MiB as alignment, sizes around it, several at once. */
/* { dg-link preload core } */
#include "check.h"

int main(void)
{
    for (size_t align = 16; align <= (size_t)64 << 20; align *= 2) {
        const size_t sizes[] = {1, 100, align / 2 + 1, align, align + 1, 100000, 1 << 20, (1 << 20) + 1};
        enum { COUNT = sizeof sizes / sizeof *sizes };
        char *block[COUNT];
        for (int i = 0; i < COUNT; i++) {
            CHECK((block[i] = memalign(align, sizes[i])));
            CHECK((uintptr_t)block[i] % align == 0);
            CHECK(malloc_usable_size(block[i]) >= sizes[i]);
            block[i][0] = block[i][sizes[i] / 2] = block[i][sizes[i] - 1] = (char)i;
        }
        for (int i = 0; i < COUNT; i++)
            CHECK(block[i][0] == i && block[i][sizes[i] - 1] == i);
        for (int i = 0; i < COUNT; i += 2) {
            CHECK((block[i] = realloc(block[i], sizes[i] * 3)));
            CHECK(block[i][0] == i && block[i][sizes[i] - 1] == i);
        }
        CHECK(heap_check() == 0);
        for (int i = 0; i < COUNT; i++)
            free(block[i]);
    }
    CHECK(heap_check() == 0);
    return 0;
}
