/* SPDX-License-Identifier: MIT */
/* What a record of a failure says, the ring as a debugger finds it, and what the library holds mapped. */
#include <sys/resource.h>
#include <time.h>

#include "check.h"
#include "base/os.h"
#include "events/failure.h"

/* As trace.c describes it for core dumps. */
struct ring {
    char magic[16];
    uint64_t first_slot, slot_size, slots, begun, lost;
};
extern struct ring hak_failures;

static const struct failure *in_memory(uint64_t n)
{
    char *slots = (char *)hide(&hak_failures) + hak_failures.first_slot;
    uint64_t *slot = (uint64_t *)(slots + n % hak_failures.slots * hak_failures.slot_size);
    CHECK(slot[0] == 2 * n + 2);
    return (const struct failure *)(slot + 1);
}

/* Mappings of this process that begin in [from, to). */
static size_t maps_within(uintptr_t from, uintptr_t to)
{
    FILE *file = fopen("/proc/self/maps", "r");
    char line[512];
    size_t n = 0;
    CHECK(file);
    while (fgets(line, sizeof line, file)) {
        uintptr_t begins = strtoull(line, NULL, 16);
        n += begins >= from && begins < to;
    }
    fclose(file);
    return n;
}

/* What the statistics call mapped and lies in the library's own image: always the same. */
static size_t elsewhere(void)
{
    struct hak_stats stats;
    CHECK(heap_stats(&stats) == 0);
    return stats.mapped_bytes - os_mapped_bytes();
}

int main(void)
{
    struct failure f, g;
    CHECK(!failure_latest(&f) && !failure_nth(0, &f) && failure_count() == 0);
    CHECK(malloc((size_t)(uintptr_t)hide((void *)(SIZE_MAX - 5))) == NULL);
    CHECK(memalign(256, (size_t)1 << 60) == NULL);
    CHECK(failure_count() == 2 && failure_latest(&f) && failure_nth(1, &g) && !failure_nth(2, &g));
    CHECK(f.number == 1 && f.size == (uint64_t)1 << 60 && f.alignment == 256 && f.size_class == -1);
    CHECK(f.reason == FAILURE_MAPFAIL && strcmp(f.call, "mmap") == 0 && f.code == ENOMEM);
    CHECK(f.tid == gettid() && f.thread == os_thread());
    CHECK(f.time_ns / 1000000000 >= (uint64_t)time(NULL) - 60 &&
          f.time_ns / 1000000000 <= (uint64_t)time(NULL));
    CHECK(f.mapped != 0 && f.mapped == os_mapped_bytes() && f.mappings == os_mappings());
    CHECK(!f.at.known);
    CHECK(failure_nth(1, &g) && g.number == 0 && g.size == SIZE_MAX - 5 && g.reason == FAILURE_THRESHOLD);
    CHECK(g.alignment == 16 && strcmp(g.call, "none") == 0 && g.code == 0);

    CHECK(strcmp(hak_failures.magic, "hakmem failures") == 0 && hak_failures.begun == 2);
    CHECK(in_memory(1)->size == f.size && in_memory(0)->size == g.size);

    struct rlimit limit;
    struct failure_environment at;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    size_t space = (size_t)memory_kib(0) << 10;
    failure_environment(&at);
    CHECK(at.known && at.address_limit == limit.rlim_cur);
    CHECK(at.address_space >= space && at.address_space < space + (1 << 20));
    CHECK(at.maps >= 10 && at.maps < 1000 && at.overcommit >= -1 && at.overcommit <= 2);

    /* Only the latest are kept. */
    for (unsigned i = 0; i < 3 * FAILURE_RECORDS; i++)
        CHECK(malloc((size_t)(uintptr_t)hide((void *)(SIZE_MAX - i))) == NULL);
    for (unsigned i = 0; i < FAILURE_RECORDS; i++)
        CHECK(failure_nth(i, &f) && f.size == SIZE_MAX - (3 * FAILURE_RECORDS - 1 - i));
    CHECK(!failure_nth(FAILURE_RECORDS, &f) && hak_failures.lost == 0);

    /* What is mapped: a large block, grown, shrunk, freed. The kernel may merge it with neighbours. */
    size_t bytes = os_mapped_bytes(), maps = os_mappings(), not_mapped = elsewhere();
    char *p = malloc(10 << 20);
    CHECK(p && os_mapped_bytes() == bytes + (10 << 20) && os_mappings() == maps + 1);
    CHECK(maps_within((uintptr_t)p, (uintptr_t)p + (10 << 20)) <= 1);
    CHECK((p = realloc(p, 40 << 20)));
    CHECK(os_mapped_bytes() >= bytes + (40 << 20) && os_mapped_bytes() <= bytes + (51 << 20));
    CHECK(os_mappings() == maps + 1);
    CHECK(elsewhere() == not_mapped);
    CHECK((p = realloc(p, 12 << 20)) && os_mapped_bytes() == bytes + (12 << 20)); /* in place */
    CHECK(os_mappings() == maps + 1 && elsewhere() == not_mapped);
    free(p);
    malloc_trim(0);
    CHECK(os_mapped_bytes() <= bytes && os_mappings() <= maps);
    static char *block[400];
    for (int i = 0; i < 400; i++) /* many superslabs, in steps of several */
        CHECK((block[i] = malloc(100000)));
    CHECK(os_mapped_bytes() >= bytes + 400 * 100000);
    CHECK(os_mappings() >= maps + 15 && elsewhere() == not_mapped);
    for (int i = 0; i < 400; i++)
        free(block[i]);
    malloc_trim(0);
    CHECK(os_mapped_bytes() <= bytes + (8 << 20) && os_mappings() <= maps + 5);
    CHECK(elsewhere() == not_mapped);
    return 0;
}
