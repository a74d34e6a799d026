/* SPDX-License-Identifier: MIT */
/* hak_ctl reads every name that hak_ctl_name lists, refuses what it has to, and says the same as
 * hak_stats_get. */
#include "check.h"

static int refused(const char *name, uint64_t *old_value, const uint64_t *new_value)
{
    errno = 0;
    CHECK(hak_ctl(name, old_value, new_value) == -1);
    return errno;
}

static uint64_t get(const char *name)
{
    uint64_t value = 0x7777777777777777u;
    errno = 0;
    CHECK(hak_ctl(name, &value, NULL) == 0 && errno == 0);
    return value;
}

static uint64_t get_class(int c, const char *what)
{
    char name[64];
    snprintf(name, sizeof name, "class.%d.%s", c, what);
    return get(name);
}

int main(void)
{
    static const char *const unknown[] = {"",
                                          "stats",
                                          "stats.",
                                          "stats.size",
                                          "stats.live_block",
                                          "stats.live_blocks.",
                                          "option.",
                                          "option.CACHE_BYTES",
                                          "option.stats_file",
                                          "class.",
                                          "class.0.size",
                                          "class.01.size",
                                          "class.18446744073709551617.size",
                                          "class.1",
                                          "class.1.",
                                          "class.-1.size",
                                          "class.1.sizes",
                                          "other"};
    uint64_t value = 1, other;
    size_t n = 0, stats = 0, options = 0, classes = 0;
    const char *name;
    void *block[100];
    for (; (name = hak_ctl_name(n)) != NULL; n++) {
        CHECK(hak_ctl(name, &other, NULL) == 0);
        CHECK(hak_ctl_name(n) == name);
        stats += strncmp(name, "stats.", 6) == 0;
        options += strncmp(name, "option.", 7) == 0;
        classes += strncmp(name, "class.", 6) == 0;
    }
    CHECK(hak_ctl_name(n + 1) == NULL && hak_ctl_name(SIZE_MAX) == NULL);
    CHECK(stats == sizeof(struct hak_stats) / 8 - 2);
    size_t last = (size_t)hak_class_of(32768);
    CHECK(options > 10 && classes % last == 0 && classes >= 5 * last);
    CHECK(stats + options + classes == n);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        CHECK(refused(unknown[i], &value, NULL) == ENOENT);
        CHECK(refused(unknown[i], NULL, &value) == ENOENT);
    }
    char beyond[64];
    snprintf(beyond, sizeof beyond, "class.%zu.size", last + 1);
    CHECK(refused(beyond, &value, NULL) == ENOENT);
    CHECK(refused("stats.frees", NULL, NULL) == EINVAL);
    CHECK(refused(NULL, &value, NULL) == EINVAL);
    CHECK(refused("stats.frees", NULL, &value) == EPERM);
    CHECK(refused("class.1.size", &value, &value) == EPERM);
    CHECK(refused("option.tiny_ss_shared", NULL, &value) == EPERM);
    CHECK(value == 1);

    struct hak_stats s;
    CHECK(heap_stats(&s) == 0);
    CHECK(get("stats.live_blocks") == s.live_blocks && get("stats.mapped_bytes") == s.mapped_bytes);
    CHECK(get("stats.resident_bytes") > 0 && get("stats.resident_bytes") <= s.mapped_bytes);
    CHECK(get("option.cache_bytes") == 65536);

    int c = hak_class_of(48);
    CHECK(c == 3 && hak_class_of(0) == 1 && last > 64);
    CHECK(hak_class_of(32769) == -1 && hak_class_of(SIZE_MAX) == -1);
    CHECK(get_class(c, "size") == 48 && get_class((int)last, "size") == 32768);
    for (int i = 0; i < 10000; i++) /* the first blocks of a process are of no class */
        CHECK((block[i % 100] = malloc(48)));
    CHECK(get_class(c, "live") >= 8000 && get_class(c, "live") < 10000);
    CHECK(get_class(c, "slabs") >= 8000 * 48 / 65536);
    uint64_t live = get_class(c, "live"), idle = get_class(c, "cached") + get_class(c, "free");
    for (int i = 0; i < 100; i++)
        free(block[i]);
    CHECK(get_class(c, "live") == live - 100);
    CHECK(get_class(c, "live") + get_class(c, "cached") + get_class(c, "free") == live + idle);
    return 0;
}
