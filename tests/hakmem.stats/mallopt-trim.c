/* SPDX-License-Identifier: MIT */
/* mallopt(M_TRIM_THRESHOLD) sets what is kept of EMPTY slabs; -1 has nothing returned. */
/* { dg-link shared } */
/* { dg-env HAKMEM_ACE=0 HAKMEM_PURGE_DELAY=3600000 } */
#include "check.h"

enum { COUNT = 200000 };
static char *block[COUNT];

static uint64_t kept(void)
{
    struct hak_stats s;
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = malloc(200)));
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(heap_stats(&s) == 0);
    return s.empty_bytes;
}

int main(void)
{
    uint64_t value;
    CHECK(mallopt(M_TRIM_THRESHOLD, 123456) == 1);
    CHECK(hak_ctl("option.retain_bytes", &value, NULL) == 0 && value == 123456);
    CHECK(kept() < 20u << 20);
    CHECK(mallopt(M_TRIM_THRESHOLD, -1) == 1);
    CHECK(hak_ctl("option.retain_bytes", &value, NULL) == 0 && value == UINT64_C(1) << 40);
    CHECK(kept() > 20u << 20);
    return 0;
}
