/* SPDX-License-Identifier: MIT */
/* Freed large blocks are divided, joined, and their pages taken for others. What is refused on the way costs
 * no block its contents. The books agree with the kernel's. */
/* { dg-link core ubsan } */
/* { dg-env HAKMEM_PURGE_DELAY=60000 } */
/* { dg-variant "" } */
/* { dg-variant "-DREFUSED=OS_MREMAP" } */
/* { dg-variant "-DREFUSED=OS_MREMAP -DTAKEN" } */
/* { dg-variant "-DREFUSED=OS_MREMAP -DTAKEN -DLOST" } */
/* { dg-variant "-DREFUSED=OS_MMAP" } */
/* { dg-variant "-DREFUSED=OS_MUNMAP" } */
#include <sys/mman.h>

#include "check.h"
#include "base/os.h"

#ifndef REFUSED
#define REFUSED (-1)
#endif

#define MB (1ul << 20)
enum { BLOCKS = 12, REFUSALS = 24 };
static int calls[OS_PURGE + 1], refused_call = -1, refuse_all;

#ifdef LOST
static int lost; /* the next mmap is refused, too */
#endif

#ifdef TAKEN
/* The kernel may have unmapped the target before it refuses to move anything there. */
static void take(const struct os_event *e)
{
    if (e->code && strcmp(e->call, "mremap") == 0 && e->target) {
        CHECK(munmap((void *)e->target, e->new_size) == 0);
#ifdef LOST
        lost = 1;
#endif
    }
}
#endif

static int seam(enum os_call call)
{
    calls[call]++;
#ifdef LOST
    if (call == OS_MMAP && lost) {
        lost = 0;
        return ENOMEM;
    }
#endif
    if ((int)call == REFUSED && refused_call-- == 0) {
        refused_call = refuse_all ? 0 : -1;
        return ENOMEM;
    }
    return 0;
}

static void fill(char *p, size_t n, int value)
{
    for (size_t i = 0; i < n; i += 512)
        p[i] = (char)(value + i / 4096);
}

static void verify(const char *p, size_t n, int value)
{
    for (size_t i = 0; i < n; i += 512)
        CHECK(p[i] == (char)(value + i / 4096));
}

static char *make(size_t n, int value)
{
    char *p = malloc(n);
    CHECK(p);
    fill(p, n, value);
    return p;
}

/* COUNT blocks of N bytes, freed: kept, if so much was wanted again and again. */
static void leave_kept(int count, size_t n)
{
    char *block[BLOCKS];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < count; i++)
            block[i] = make(n, i);
        for (int i = 0; i < count; i++)
            free(block[i]);
    }
}

static uint64_t kept(void)
{
    struct hak_stats stats;
    CHECK(heap_check() == 0);
    CHECK(heap_stats(&stats) == 0);
    return stats.large_cached_bytes;
}

/* Lines of /proc/self/maps: areas of the kernel's. */
static size_t areas(void)
{
    return os_count_lines("/proc/self/maps");
}

static void divided_and_joined(void)
{
    leave_kept(1, 24 * MB);
    CHECK(kept() >= 24 * MB);
    memset(calls, 0, sizeof calls);
    char *block[4];
    for (int i = 0; i < 4; i++)
        block[i] = make(6 * MB, i);
    CHECK(calls[OS_MMAP] == 0); /* four parts of one */
    for (int i = 0; i < 4; i++)
        verify(block[i], 6 * MB, i);
    for (int i = 0; i < 4; i++)
        free(block[(i + 1) % 4]);
    block[0] = make(24 * MB, 7);
    CHECK(calls[OS_MMAP] == 0 && calls[OS_MREMAP] == 0); /* one of four parts */
    verify(block[0], 24 * MB, 7);
    free(block[0]);
    CHECK(kept() >= 24 * MB);
    malloc_trim(0);
    CHECK(kept() == 0);
}

/* A block made of pieces, which then grows and has to move, and shrinks again. */
static char *pieced(size_t *n)
{
    char *between[BLOCKS], *block[BLOCKS], *p;
    leave_kept(BLOCKS, 6 * MB);
    for (int i = 0; i < BLOCKS; i++) {
        block[i] = malloc(6 * MB);
        between[i] = malloc(2 * MB);
    }
    for (int i = 0; i < BLOCKS; i += 2) {
        free(block[i]);
        block[i] = NULL;
    }
    *n = 27 * MB + 5000;
    p = malloc(*n);
    if (p)
        fill(p, *n, 3);
    for (int i = 0; i < BLOCKS; i++) {
        free(block[i]);
        free(between[i]);
    }
    return p;
}

static void grown(void)
{
    size_t n;
    char *p = pieced(&n), *wall = malloc(3 * MB);
    for (size_t next = 40 * MB; p && next < 100 * MB; next = next * 3 / 2) {
        char *q = realloc(p, next);
        if (!q)
            break;
        verify(q, n, 3);
        fill(p = q, n = next, 3);
    }
    if (p)
        verify(p, n, 3);
    if (p && n > 9 * MB) {
        char *q = realloc(p, 9 * MB + 4096);
        if (q)
            verify(p = q, 9 * MB, 3);
    }
    free(p);
    free(wall);
}

/* Blocks of random sizes: the kernel counts no more areas than we do, and there are not many. */
static void many(void)
{
    static char *slot[BLOCKS];
    static size_t size[BLOCKS];
    uint64_t state = 88172645463325252u;
    size_t before = areas(), before_ours = os_mappings(), most = 0;
    for (int i = 0; i < 600; i++) {
        int at = (int)(next_random(&state) % BLOCKS);
        if (slot[at])
            verify(slot[at], size[at], at);
        free(slot[at]);
        size[at] = MB + MB / 2 + next_random(&state) % (20 * MB);
        slot[at] = make(size[at], at);
        if (i % 32 == 0) {
            size_t now = areas();
            most = now > most ? now : most;
            CHECK(now - before <= os_mappings() - before_ours + 2);
            CHECK(heap_check() == 0);
        }
    }
    CHECK(most < before + BLOCKS * 13 + 64 + 64); /* a unit is an area, at worst */
    struct hak_stats stats;
    CHECK(heap_stats(&stats) == 0);
    size_t sum = 0;
    for (int i = 0; i < BLOCKS; i++)
        sum += size[i];
    CHECK(stats.large_bytes >= sum && stats.large_bytes < sum + sum / 8 && stats.large_blocks == BLOCKS);
    for (int i = 0; i < BLOCKS; i++)
        free(slot[i]);
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.large_bytes == 0 && stats.large_blocks == 0);
    CHECK(heap_check() == 0);
}

static void refused(void)
{
    for (int n = 0; n < REFUSALS; n++) { /* one call, and all from that one on */
        for (refuse_all = 0; refuse_all < 2; refuse_all++) {
            leave_kept(BLOCKS, 6 * MB);
            refused_call = n;
            grown();
            refused_call = -1;
            CHECK(heap_check() == 0);
        }
    }
}

static void granted(void)
{
    divided_and_joined();
    grown();
    CHECK(calls[OS_MREMAP] > 0);
    malloc_trim(0);
    many();
}

int main(void)
{
    os_fault = seam;
#ifdef TAKEN
    os_watch = take;
#endif
    if (REFUSED >= 0)
        refused();
    else
        granted();
    malloc_trim(0);
    CHECK(kept() == 0);
    return 0;
}
