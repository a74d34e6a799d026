/* SPDX-License-Identifier: MIT */
/* Guarded blocks are blocks as others: sizes, alignments, zeros, realloc, walks, sums. When their slots run
 * out, others follow; a slot that was freed stays shut until all others that are free were used. */
/* { dg-env HAKMEM_GUARD_BYTES=1 } */
#include <sys/wait.h>

#include "guarded.h"

enum { COUNT = 300 };
static char *block[COUNT];
static int met;

static int count_ours(void *p, size_t size, void *arg)
{
    (void)arg;
    for (int i = 0; i < COUNT; i++)
        if (block[i] == p) {
            CHECK(size == malloc_usable_size(p));
            met++;
        }
    return 0;
}

static void forms(void)
{
    for (size_t size = 0; size <= PAGE; size += size < 64 ? 1 : 97) {
        unsigned char *p = calloc(1, size);
        CHECK(p && is_guarded((char *)p) && malloc_usable_size(p) == (size ? size : 1));
        for (size_t i = 0; i < size; i++)
            CHECK(p[i] == 0);
        memset(p, 0x55, size);
        CHECK(heap_owns(p) == 1);
        free(p);
    }
    for (size_t align = 16; align <= PAGE; align *= 2)
        for (int i = 0; i < 8; i++) {
            char *p = aligned_alloc(align, 100);
            CHECK(p && (uintptr_t)p % align == 0 && is_guarded(p) && malloc_usable_size(p) == 100);
            memset(p, 0x55, 100);
            free(p);
        }
    CHECK(!is_guarded(hide(malloc(PAGE + 1))));
}

static void resizes(void)
{
    char *p = malloc(100), *q;
    strcpy(p, "kept");
    q = realloc(p, 100);
    CHECK(q == p);
    q = realloc(p, 60);
    CHECK(q != p && !readable(p) && malloc_usable_size(q) == 60 && strcmp(q, "kept") == 0);
    p = realloc(q, 50000);
    CHECK(!readable(q) && strcmp(p, "kept") == 0);
    q = realloc(p, 10);
    CHECK(is_guarded(q) && strcmp(q, "kept") == 0);
    CHECK(realloc(q, 0) == NULL && !readable(q));
}

static void slots(void)
{
    struct hak_stats before, full, after;
    int guarded_ones = 0;
    CHECK(heap_stats(&before) == 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(100)));
        memset(block[i], i, 100);
        guarded_ones += is_guarded(block[i]);
    }
    CHECK(heap_stats(&full) == 0);
    CHECK(guarded_ones > LIVE_MOST - 20 && guarded_ones <= LIVE_MOST);
    CHECK(full.live_blocks - before.live_blocks == COUNT && full.allocations - before.allocations == COUNT);
    CHECK(full.live_bytes - before.live_bytes >= COUNT * 100);
    int (*walk)(int (*)(void *, size_t, void *), void *) =
        (int (*)(int (*)(void *, size_t, void *), void *))dlsym(RTLD_DEFAULT, "hak_walk");
    CHECK(walk && walk(count_ours, NULL) == 0 && met == COUNT);
    CHECK(heap_check() == 0);
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(heap_stats(&after) == 0 && heap_check() == 0);
    CHECK(after.live_blocks == before.live_blocks && after.live_bytes == before.live_bytes);
}

/* At least SLOTS - LIVE_MOST others are used before. */
static void quarantine(void)
{
    char *p = malloc(100);
    CHECK(is_guarded(p));
    free(p);
    for (int i = 0; i < SLOTS - LIVE_MOST - 1; i++) {
        char *q = malloc(100);
        CHECK(is_guarded(q) && (uintptr_t)q / PAGE != (uintptr_t)p / PAGE);
        CHECK(!readable((char *)((uintptr_t)p & -PAGE)));
        free(q);
    }
}

/* The child has its own. */
static void forks(void)
{
    char *p = malloc(100);
    int status;
    strcpy(p, "parent");
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK(strcmp(p, "parent") == 0);
        free(p);
        CHECK(!readable(p) && is_guarded(hide(malloc(100))) && heap_check() == 0);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(strcmp(p, "parent") == 0);
    free(p);
}

int main(void)
{
    CHECK(!readable((void *)8)); /* its pipe */
    forms();
    resizes();
    slots();
    quarantine();
    forks();
    CHECK(heap_check() == 0);
    return 0;
}
