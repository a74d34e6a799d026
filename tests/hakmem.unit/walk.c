/* SPDX-License-Identifier: MIT */
/* hak_walk tells every live block once, with its usable size, and nothing that is free or in a cache. */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "HAKMEM_TINY_SS_SHARED=0 -DPASSIVE" } */
#include "check.h"

enum { SLOTS = 6000 };
static struct {
    char *p;
    int seen;
} slot[SLOTS];
static int foreign, extra;

static int compare(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return (x > y) - (x < y);
}

static int find(const char *p)
{
    int low = 0, high = SLOTS - 1;
    while (low <= high) {
        int middle = (low + high) / 2;
        if (slot[middle].p == p)
            return middle;
        if (slot[middle].p < p)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return -1;
}

static int each(void *block, size_t size, void *arg)
{
    int i = find(block);
    CHECK(arg == &foreign);
    if (i < 0) {
        foreign++;
        return 0;
    }
    CHECK(slot[i].seen++ == 0);
    CHECK(size == malloc_usable_size(block));
    return 0;
}

static size_t some_size(uint64_t *seed)
{
    uint64_t kind = next_random(seed) % 100, n = next_random(seed);
    if (kind < 70)
        return n % 1025;
    if (kind < 92)
        return n % 32769;
    return kind < 98 ? n % (1 << 20) : n % (4 << 20);
}

/* What the shadow set holds is told, and nothing else but EXTRA blocks. */
static void check_walk(void)
{
    struct hak_stats stats;
    int live = 0;
    qsort(slot, SLOTS, sizeof *slot, compare);
    foreign = 0;
    CHECK(hak_walk(each, &foreign) == 0);
    for (int i = 0; i < SLOTS; i++) {
        CHECK(slot[i].seen == (slot[i].p != NULL));
        live += slot[i].p != NULL;
        slot[i].seen = 0;
    }
    CHECK(foreign == extra);
    CHECK(heap_stats(&stats) == 0 && stats.live_blocks == (uint64_t)(live + foreign));
}

static int first(void *block, size_t size, void *arg)
{
    (*(int *)arg)++;
    return block && size ? 7 : 8;
}

/* May allocate and free, also what it was told. */
static int release(void *block, size_t size, void *arg)
{
    int i = find(block);
    (void)size;
    free(malloc(size));
    if (i >= 0) {
        free(block);
        slot[i].p = NULL;
        (*(int *)arg)++;
        for (int j = i; j > 0 && slot[j - 1].p; j--) { /* keep the order: what is freed goes in front */
            slot[j].p = slot[j - 1].p;
            slot[j - 1].p = NULL;
        }
    }
    return 0;
}

int main(void)
{
    uint64_t seed = 88172645463325252u;
    int calls = 0, live = 0;
    errno = 0;
    CHECK(hak_walk(NULL, NULL) == -1 && errno == EINVAL);
#ifdef PASSIVE
    CHECK(malloc(100) && malloc(100000));
    CHECK(hak_walk(first, &calls) == 0 && calls == 0);
    return 0;
#endif
    CHECK(hak_walk(each, &foreign) == 0);
    extra = foreign; /* what the C library holds */
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 2 * SLOTS; i++) {
            size_t at = next_random(&seed) % SLOTS;
            free(slot[at].p);
            slot[at].p = next_random(&seed) % 3 ? malloc(some_size(&seed)) : NULL;
        }
        check_walk();
    }
    CHECK(hak_walk(first, &calls) == 7 && calls == 1);
    for (int i = 0; i < SLOTS; i++)
        live += slot[i].p != NULL;
    calls = 0;
    CHECK(hak_walk(release, &calls) == 0);
    CHECK(calls == live);
    check_walk();
    for (int i = 0; i < SLOTS; i++)
        CHECK(!slot[i].p);
    CHECK(heap_check() == 0);
    return 0;
}
