/* SPDX-License-Identifier: MIT */
/* HAKMEM_SS_PREWARM: so much is resident before it is asked for, stays so, and meets no page fault. */
/* { dg-link shared } */
/* { dg-env HAKMEM_SS_PREWARM=8 } */
#include "check.h"

#include <sys/resource.h>

enum { WARM = 16 << 20, COUNT = 12 << 10 };
static void *block[COUNT];

static long faults(void)
{
    struct rusage r;
    CHECK(getrusage(RUSAGE_SELF, &r) == 0);
    return r.ru_minflt;
}

static uint64_t retained(void)
{
    struct hak_stats s;
    CHECK(hak_stats_get(&s, sizeof s) == 0);
    return s.retained_bytes;
}

int main(void)
{
    free(hide(malloc(100)));
    CHECK(resident_kib() >= WARM >> 10 && retained() >= WARM - (1 << 20));
    usleep(700 * 1000); /* longer than HAKMEM_PURGE_DELAY */
    for (int i = 0; i < 2000; i++)
        CHECK((block[i] = malloc(1000)));
    CHECK(retained() >= WARM - (4 << 20)); /* still there, but for what is used now */
    long before = faults();
    for (int i = 2000; i < COUNT; i++) {
        CHECK((block[i] = malloc(1000)));
        memset(block[i], 1, 1000);
    }
    CHECK(faults() - before < 100); /* 10 MB have 2,500 pages */
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(hak_purge() > 0 && retained() < 1 << 20);
    CHECK(hak_check() == 0);
    return 0;
}
