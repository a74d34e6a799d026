/* SPDX-License-Identifier: MIT */
/* A strip that takes a kept mapping uses whole granules of it: the rest, which nobody could have, goes back. */
/* { dg-env HAKMEM_LIMIT_BYTES=200m } */
#include <stdio.h>
#include <unistd.h>

#include "check.h"

enum {
    WASTE = 200,
    LARGE = 20,
    LARGE_SIZE = 1800000,
    COUNT = 60,
    SIZE = 560000,
    GRANULE = 65536,
    ALLOWED = 128 << 10
};
static char *block[COUNT];

/* Address space of the process that the library does not count as mapped. */
static long uncounted(void)
{
    struct hak_stats stats;
    long pages;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm && fscanf(statm, "%ld", &pages) == 1 && fclose(statm) == 0);
    CHECK(heap_stats(&stats) == 0 && heap_check() == 0);
    return pages * sysconf(_SC_PAGESIZE) - (long)stats.mapped_bytes;
}

int main(void)
{
    for (int i = 0; i < WASTE; i++)
        CHECK(hide(malloc(33000)));
    for (int round = 0; round < 4; round++) { /* so that some are kept */
        char *large[LARGE];
        for (int i = 0; i < LARGE; i++)
            CHECK((large[i] = malloc(LARGE_SIZE)));
        for (int i = 0; i < LARGE; i++)
            free(large[i]);
    }
    long before = uncounted();
    int inside = 0;
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(SIZE)));
        inside += (uintptr_t)block[i] % GRANULE != 0;
    }
    CHECK(inside);
    dprintf(1, "%ld bytes more that are not counted\n", uncounted() - before);
    CHECK(uncounted() - before < ALLOWED);
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(heap_check() == 0);
    return 0;
}
