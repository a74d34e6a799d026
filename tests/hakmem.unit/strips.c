/* SPDX-License-Identifier: MIT */
/* Blocks of 32 KiB to 1 MiB where spans waste address space: they lie side by side in strips, keep what was
 * written, count with what was asked for, and everything goes back. */
/* { dg-env HAKMEM_LIMIT_BYTES=200m } */
/* { dg-variant "" } */
/* { dg-variant "-DORDER=1" } */
/* { dg-variant "-DORDER=2" } */
/* { dg-variant "-DORDER=2 HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
#include "check.h"

#ifndef ORDER
#define ORDER 0 /* of the frees: as they came, backwards, at random */
#endif

enum { WASTE = 200, COUNT = 1500, GRANULE = 65536, UNIT = 2048 };
static char *waste[WASTE], *block[COUNT];
static size_t size_of[COUNT];
static uint64_t state = 88172645463325252u;

static struct hak_stats now(void)
{
    struct hak_stats stats;
    CHECK(heap_stats(&stats) == 0 && heap_check() == 0);
    return stats;
}

struct sum {
    size_t bytes, blocks;
};
static int add(void *p, size_t size, void *arg)
{
    struct sum *sum = arg;
    sum->bytes += size;
    sum->blocks++;
    return p == NULL;
}

/* In whole units, of the block or of its pages. */
static void check_usable(const char *p, size_t size)
{
    size_t usable = malloc_usable_size((void *)p);
    CHECK(usable >= size && usable < size + 4096);
}

static void fill(char *p, size_t size, size_t i)
{
    for (size_t at = 0; at < size; at += 999)
        p[at] = (char)(i + at);
}

static void check_filled(const char *p, size_t size, size_t i)
{
    for (size_t at = 0; at < size; at += 999)
        CHECK(p[at] == (char)(i + at));
}

static void check_zero(const char *p, size_t size)
{
    for (size_t i = 0; i < size; i += 8)
        CHECK(p[i] == 0);
}

/* Allocate all; how many lie in strips. Spans begin at granules, blocks of strips seldom. */
static int allocate(void)
{
    int inside = 0;
    for (int i = 0; i < COUNT; i++) {
        size_t size = size_of[i] = 33000 + next_random(&state) % (i % 10 ? 50000 : 900000);
        if (i % 3 == 0)
            check_zero(block[i] = calloc(1, size), size);
        else
            block[i] = i % 3 == 1 ? malloc(size) : memalign(4096, size);
        CHECK(block[i] && (uintptr_t)block[i] % (i % 3 == 2 ? 4096 : UNIT) == 0);
        check_usable(block[i], size);
        fill(block[i], size, (size_t)i);
        inside += (uintptr_t)block[i] % GRANULE != 0;
    }
    return inside;
}

static void release(int i)
{
    if (block[i])
        check_filled(block[i], size_of[i], (size_t)i);
    free(block[i]);
    block[i] = NULL;
}

static void release_all(void)
{
    for (int i = 0; i < COUNT; i++)
        release(ORDER == 0 ? i : ORDER == 1 ? COUNT - 1 - i : (int)(next_random(&state) % COUNT));
    CHECK(heap_check() == 0);
    for (int i = 0; i < COUNT; i++)
        release(i);
}

/* Blocks grow where they are if there is room behind them, else they move. */
static void resize(void)
{
    for (int i = 0; i < COUNT; i += 2) {
        release(i);
        size_t size = size_of[i + 1] + 3000 + next_random(&state) % 40000;
        char *p = realloc(block[i + 1], size);
        CHECK(p);
        check_filled(p, size_of[i + 1], (size_t)i + 1);
        check_usable(p, size);
        fill(p, size, (size_t)i + 1);
        block[i + 1] = p;
        size_of[i + 1] = size;
    }
    CHECK(heap_check() == 0);
}

int main(void)
{
    for (int i = 0; i < WASTE; i++)
        CHECK((waste[i] = malloc(33000)));
    struct hak_stats start = now();
    for (int round = 0; round < 3; round++) {
        CHECK(allocate() > COUNT / 2);
        struct hak_stats full = now();
        struct sum sum = {0, 0};
        CHECK(hak_walk(add, &sum) == 0);
        CHECK(full.live_blocks == start.live_blocks + COUNT && sum.blocks == full.live_blocks);
        if (full.live_bytes != sum.bytes) /* checked mode tells what was asked for */
            CHECK(getenv("HAKMEM_TINY_SLL_VALIDATE_HDR") && sum.bytes < full.live_bytes);
        CHECK(full.resident_live_bytes <= full.live_bytes && full.mapped_bytes >= full.live_bytes);
        resize();
        release_all();
        CHECK(now().live_bytes == start.live_bytes && now().live_blocks == start.live_blocks);
    }
    malloc_trim(0);
    CHECK(now().mapped_bytes <= start.mapped_bytes + (8u << 20));
    for (int i = 0; i < WASTE; i++)
        free(waste[i]);
    CHECK(heap_check() == 0);
    return 0;
}
