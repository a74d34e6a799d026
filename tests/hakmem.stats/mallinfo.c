/* SPDX-License-Identifier: MIT */
/* mallinfo2 and mallinfo follow what is allocated and freed. */
#include "check.h"

enum { COUNT = 2000 };

int main(void)
{
    static char *block[COUNT];
    struct mallinfo2 start = mallinfo2(), info;
    size_t bytes = 0;
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(1000 + i)));
        bytes += malloc_usable_size(block[i]);
    }
    char *big = malloc(40000000);
    CHECK(big);
    info = mallinfo2();
    size_t grown = info.uordblks + info.hblkhd - start.uordblks - start.hblkhd;
    CHECK(grown >= bytes + 40000000 && grown < (bytes + 40000000) * 11 / 10);
    CHECK(info.arena + info.hblkhd >= bytes + 40000000);
    free(big);
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    info = mallinfo2();
    CHECK(info.uordblks + info.hblkhd < start.uordblks + start.hblkhd + 200000);
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    struct mallinfo old = mallinfo();
    CHECK((size_t)old.uordblks == mallinfo2().uordblks);
    return 0;
}
