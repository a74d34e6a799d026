/* SPDX-License-Identifier: MIT */
/* Kept memory goes back after HAKMEM_PURGE_DELAY, on a later slow path of any kind. */
/* { dg-env HAKMEM_PURGE_DELAY=20 } */
#include "check.h"

int main(void)
{
    struct hak_stats stats;
    for (int i = 0; i < 3; i++) { /* wanted again: kept from then on */
        char *big = malloc(30 << 20);
        CHECK(big);
        memset(big, 1, 30 << 20);
        free(big);
    }
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.retained_bytes >= 30u << 20);
    for (int i = 0; i < 200; i++) { /* slow paths, until it has gone */
        usleep(10000);
        for (int k = 0; k < 20; k++)
            CHECK(malloc(20000)); /* never freed: sooner or later its cache is empty */
        CHECK(heap_stats(&stats) == 0);
        if (stats.retained_bytes < 4u << 20)
            return 0;
    }
    CHECK(!"still kept after two seconds");
    return 1;
}
