/* SPDX-License-Identifier: MIT */
/* Each reason by a real limit: its record, and its line with the limit in it. */
/* { dg-env HAKMEM_ACE_TRACE=1 HAKMEM_TRACE_FILE=trace-%p } */
/* { dg-variant "-DWHY=ADDRESS_SPACE" } */
/* { dg-variant "-DWHY=DATA" } */
/* { dg-variant "-DWHY=MAPS" } */
/* { dg-variant "-DWHY=OVERSIZE" } */
/* { dg-variant "-DWHY=LIMIT HAKMEM_LIMIT_BYTES=64m" } */
#include <sys/mman.h>
#include <sys/resource.h>

#include "lines.h"

enum { ADDRESS_SPACE, DATA, MAPS, OVERSIZE, LIMIT };
enum { MIB = 1 << 20, MOST = 200000 };

static const char *reason = "MapFail";
static size_t failing = 24 * MIB, align = 64;

static void limit(int resource)
{
    struct rlimit r = {200 * MIB, 200 * MIB};
    CHECK(setrlimit(resource, &r) == 0);
}

/* Mappings up to the kernel's limit. */
static int many_maps(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *area = mmap(NULL, MOST * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(area != MAP_FAILED);
    for (int i = 0; i < MOST; i += 2) /* every second page another protection: a mapping each */
        if (mprotect(area + i * page, page, PROT_READ) != 0)
            return 1;
    return 0;
}

int main(void)
{
    free(malloc(100));
    switch (WHY) {
    case ADDRESS_SPACE: limit(RLIMIT_AS); break;
    case DATA: limit(RLIMIT_DATA); break;
    case MAPS:
        if (!many_maps()) {
            unlink(lines_path(getpid()));
            return 77; /* a limit far above the usual */
        }
        break;
    case OVERSIZE:
        failing = SIZE_MAX / 2 + 1;
        reason = "Threshold";
        break;
    case LIMIT: reason = "Exhaustion"; break;
    }
    void *p = hide(&reason);
    for (int i = 0; p && i < 1000; i++) {
        errno = 0;
        p = memalign(align, failing);
    }
    if (WHY == LIMIT && p) {
        unlink(lines_path(getpid()));
        return 77;
    }
    CHECK(!p && errno == ENOMEM);
    lines_read(getpid());
    CHECK(lines_count("hakmem: ") == 1);
    char beginning[64];
    snprintf(beginning, sizeof beginning, "hakmem: failed allocation: %s size=%zu class=none ", reason,
             failing);
    const char *l = lines_find(lines.text, beginning);
    CHECK(l && lines_value(l, "align") == align && lines_value(l, "tid") == (unsigned)gettid());
    int mapfail = strcmp(reason, "MapFail") == 0;
    CHECK(lines_says(l, "call", mapfail ? "mmap" : "none") &&
          lines_value(l, "errno") == (mapfail ? ENOMEM : 0));
    CHECK(lines_value(l, "mapped") >= MIB / 2 && lines_value(l, "mappings") >= 1);
    unsigned long long space = lines_value(l, "address_space"), maps = lines_value(l, "maps");
    if (WHY == ADDRESS_SPACE)
        CHECK(lines_value(l, "address_limit") == 200 * MIB && space <= 200 * MIB &&
              space + failing + 2 * MIB > 200 * MIB);
    else
        CHECK(lines_says(l, "address_limit", "none") && space > 0);
    if (WHY == DATA)
        CHECK(lines_value(l, "data_limit") == 200 * MIB);
    else
        CHECK(lines_says(l, "data_limit", "none"));
    if (WHY == MAPS) /* the kernel counts those it has for itself, too */
        CHECK(maps + 100 > lines_value(l, "maps_limit"));
    else
        CHECK(maps < 1000 && lines_value(l, "maps_limit") > 1000);
    CHECK(lines_value(l, "overcommit") <= 2);
    lines_done(getpid());
    return 0;
}
