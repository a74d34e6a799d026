/* SPDX-License-Identifier: MIT */
/* hak_stats_get serves callers of older and newer headers: only SIZE bytes are written. */
/* { dg-link core } */
#include "check.h"

int main(void)
{
    struct {
        struct hak_stats stats;
        uint64_t more[8];
    } wide;
    memset(&wide, 0x77, sizeof wide);
    CHECK(hak_stats_get(&wide.stats, 24) == 0);
    CHECK(wide.stats.frees == 0x7777777777777777u); /* the fourth field */
    CHECK(wide.stats.allocations != 0x7777777777777777u);
    CHECK(wide.stats.size == 24 && wide.stats.version == HAK_STATS_VERSION);
    memset(&wide, 0x77, sizeof wide);
    CHECK(hak_stats_get(&wide.stats, sizeof wide) == 0);
    CHECK(wide.stats.size == sizeof wide.stats && wide.stats.resident_bytes > 0);
    for (int i = 0; i < 8; i++)
        CHECK(wide.more[i] == 0);
    errno = 0;
    CHECK(hak_stats_get(NULL, sizeof wide) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(hak_stats_get(&wide.stats, 0) == -1 && errno == EINVAL);
    return 0;
}
