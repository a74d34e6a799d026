/* SPDX-License-Identifier: MIT */
/* Where address space is not scarce, each block above 32 KiB has granules of its own: those that are freed and
 * wanted again come from the cache of the thread. In a strip its usable size would end with a unit of 2 KiB. */
#include "check.h"

enum { SIZE = 33000, COUNT = 2000 };
static char *block[COUNT];

int main(void)
{
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(SIZE)));
        block[i][0] = 1;
        CHECK(malloc_usable_size(block[i]) % 4096 == 0);
    }
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(heap_check() == 0);
    return 0;
}
