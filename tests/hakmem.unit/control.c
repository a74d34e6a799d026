/* SPDX-License-Identifier: MIT */
/* What may be set while the program runs is set, read again and refused; memory goes back, and can be made
 * ready. */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "HAKMEM_TINY_SS_SHARED=0 -DPASSIVE" } */
#include "check.h"

enum { COUNT = 30000 };
static char *block[COUNT];

static uint64_t get(const char *name)
{
    uint64_t value = 0x7777777777777777u;
    CHECK(hak_ctl(name, &value, NULL) == 0);
    return value;
}

static void check_setting(const char *name, uint64_t good, uint64_t bad)
{
    uint64_t before = get(name), old = 1;
    CHECK(good != before);
    CHECK(hak_ctl(name, &old, &good) == 0 && old == before && get(name) == good);
    errno = 0;
    CHECK(hak_ctl(name, &old, &bad) == -1 && errno == EINVAL && get(name) == good);
    CHECK(hak_ctl(name, NULL, &before) == 0 && get(name) == before);
    old = good; /* both pointers may be the same */
    CHECK(hak_ctl(name, &old, &old) == 0 && old == before && get(name) == good);
    CHECK(hak_ctl(name, NULL, &before) == 0);
}

static void check_classes(void)
{
    int c = hak_class_of(320), beyond = hak_class_of(32768) + 1;
    uint64_t value = 5, too_large = UINT64_MAX;
    errno = 0;
    CHECK(hak_ss_prewarm_class(0, 1) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(hak_ss_prewarm_class(beyond, 1) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(hak_policy_set_cap(-1, 1) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(hak_policy_set_cap(beyond, 1) == -1 && errno == EINVAL);
    CHECK(get("class.20.cap") == 0);
    CHECK(c == 20 && hak_policy_set_cap(c, 3) == 0 && get("class.20.cap") == 3);
    CHECK(hak_ctl("class.20.cap", NULL, &value) == 0 && get("class.20.cap") == 5);
    CHECK(hak_ctl("class.20.cap", NULL, &too_large) == -1 && errno == EINVAL);
    for (int i = 0; i < COUNT; i++) /* far beyond the cap, and nothing fails */
        CHECK((block[i] = malloc(320)));
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(hak_policy_set_cap(c, 0) == 0 && get("class.20.cap") == 0);
}

int main(void)
{
    uint64_t zero = 0;
    check_setting("option.cache_bytes", 4096, 1048577);
    check_setting("option.retain_bytes", 12345678, UINT64_MAX);
    check_setting("option.large_cache_bytes", 0, UINT64_MAX);
    check_setting("option.purge_delay", 77, 3600001);
    check_setting("option.limit_bytes", 1 << 30, UINT64_MAX);
    check_setting("option.huge_pages", 0, 3);
    check_setting("option.ace", 0, 2);
    errno = 0;
    CHECK(hak_ctl("option.ss_prewarm", NULL, &zero) == -1 && errno == EPERM);
    check_classes();
#ifdef PASSIVE
    CHECK(malloc(1000));
    CHECK(hak_purge() == 0 && hak_ss_prewarm_class(3, 10) == 0);
    return 0;
#endif
    hak_purge();
    struct hak_stats before, after;
    for (int i = 0; i < COUNT; i++)
        CHECK(memset((block[i] = malloc(i % 2000)), 1, i % 2000));
    for (int i = 0; i < COUNT; i++)
        if (i % 20)
            free(block[i]);
    CHECK(heap_stats(&before) == 0);
    size_t bytes = hak_purge();
    CHECK(heap_stats(&after) == 0);
    CHECK(bytes > 0 && after.resident_bytes < before.resident_bytes);
    CHECK(before.resident_bytes - after.resident_bytes <= bytes + 65536);
    CHECK(after.empty_bytes == 0 && after.live_blocks == before.live_blocks);

    CHECK(hak_ss_prewarm_class(7, 40) == 40);
    struct hak_stats warm;
    CHECK(heap_stats(&warm) == 0);
    CHECK(warm.resident_bytes >= after.resident_bytes + 40 * 65536);
    CHECK(hak_check() == 0);
    return 0;
}
