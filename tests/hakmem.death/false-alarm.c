/* SPDX-License-Identifier: MIT */
/* Live blocks whose contents are copies of what lies in recycled memory: no alarm, whatever it is. */
#include "death.h"

enum { COUNT = 20000 };
static void *block[COUNT];

/* Copy each 16 bytes of uninitialised blocks of FROM bytes to the start of a block of TO bytes. */
static void copy_stale(size_t from, size_t to)
{
    for (int round = 0; round < 20; round++) {
        unsigned char *stale = malloc(from);
        CHECK(stale);
        for (size_t at = 0; at + 16 <= from; at += 16) {
            unsigned char *live = malloc(to);
            CHECK(live);
            memcpy(live, stale + at, 16);
            block[at / 16 % COUNT] = live;
            if (at / 16 % 2)
                free(live);
        }
        for (size_t at = 0; at + 16 <= from; at += 32)
            free(block[at / 16 % COUNT]);
        free(stale);
    }
}

int main(void)
{
    static const size_t sizes[] = {16, 32, 48, 256, 1024, 3000, 20000, 100000};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    for (int i = 0; i < SIZES; i++)
        for (int k = 0; k < SIZES; k++) {
            churn(sizes[i]);
            copy_stale(sizes[k], sizes[i]);
        }
    CHECK(heap_check() == 0);
    return 0;
}
