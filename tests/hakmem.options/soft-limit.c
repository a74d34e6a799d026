/* SPDX-License-Identifier: MIT */
/* HAKMEM_SOFT_LIMIT_BYTES: no request fails for it; what is kept and in use stays below it, nothing is kept near
 * it, and as much as without it far from it; all that as the process runs, too. */
/* { dg-link shared } */
/* { dg-variant "-DAT_START HAKMEM_SOFT_LIMIT_BYTES=64m" } */
/* { dg-variant "" } */
/* { dg-env HAKMEM_RETAIN_BYTES=256m HAKMEM_PURGE_DELAY=3600000 } */
#include "check.h"

#define MIB(n) ((uint64_t)(n) << 20)

enum { COUNT = 80000, LIMIT = 64, WORTH = 1 /* MiB that are not worth the system calls */ };
static char *block[COUNT], *live[64];

/* MiB of blocks come and go. */
static void come_and_go(size_t mib, size_t size)
{
    size_t n = MIB(mib) / size;
    for (size_t i = 0; i < n; i++)
        CHECK((block[i] = memset(malloc(size), 1, size)));
    for (size_t i = 0; i < n; i++)
        free(block[i]);
}

/* So many MiB are in use, as large mappings. */
static void use(int mib)
{
    static int used;
    for (; used < mib; used += 2)
        CHECK((live[used / 2] = memset(malloc(MIB(2)), 1, MIB(2))));
    for (; used > mib; used -= 2)
        free(live[used / 2 - 1]);
}

static uint64_t kept(void)
{
    struct hak_stats s;
    CHECK(hak_stats_get(&s, sizeof s) == 0);
    return s.empty_bytes + s.large_cached_bytes;
}

static void limit_to(uint64_t bytes)
{
    uint64_t now = 1;
    CHECK(hak_ctl("option.soft_limit_bytes", NULL, &bytes) == 0);
    CHECK(hak_ctl("stats.soft_limit_bytes", &now, NULL) == 0 && now == bytes);
}

int main(void)
{
    uint64_t now = 0;
    CHECK(hak_ctl("option.soft_limit_bytes", &now, NULL) == 0);
#ifdef AT_START
    CHECK(now == MIB(LIMIT));
#else
    CHECK(now == 0);
    come_and_go(40, 1000);
    CHECK(kept() >= MIB(36));
    use(60);
    come_and_go(30, 600);
    CHECK(kept() >= MIB(24)); /* what there is without a limit */
    limit_to(MIB(LIMIT));
    come_and_go(30, 600);
    CHECK(kept() <= MIB(WORTH));
    use(0);
    hak_purge();
#endif
    for (int round = 0; round < 3; round++) {
        come_and_go(40, 1000); /* far from it */
        CHECK(kept() >= MIB(32) && kept() <= MIB(LIMIT));
        use(40);
        come_and_go(30, 600);
        CHECK(kept() <= MIB(LIMIT - 40 + WORTH) && kept() >= MIB(8));
        use(52); /* half of the last quarter: 2 (56 - 52) */
        come_and_go(30, 600);
        CHECK(kept() <= MIB(8 + WORTH));
        use(58);
        come_and_go(30, 600);
        CHECK(kept() <= MIB(WORTH));
        use(100); /* beyond */
        come_and_go(30, 600);
        CHECK(kept() <= MIB(WORTH));
        use(0);
    }
    limit_to(0);
    come_and_go(40, 1000);
    use(60);
    come_and_go(30, 600);
    CHECK(kept() >= MIB(24));
    CHECK(hak_check() == 0);
    return 0;
}
