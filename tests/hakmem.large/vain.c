/* SPDX-License-Identifier: MIT */
/* A request that no flush can help leaves caches as they are, and costs two calls of mmap at most, however
 * often it is repeated. Where what is kept is what is wanting, it is given up, and the request is served. */
/* { dg-link core } */
/* { dg-variant "-DSIZE=62" } */
/* { dg-variant "-DSIZE=47" } */
/* { dg-variant "-DSIZE=36" } */
/* { dg-variant "-DSIZE=36 HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
#include <sys/resource.h>

#include "check.h"
#include "base/os.h"

enum { COUNT = 20000, TIMES = 100, ROOM = 64 << 20 };
static void *block[ROOM / 1000];
static int calls[OS_PURGE + 1];

static int count_call(enum os_call call)
{
    calls[call]++;
    return 0;
}

static void impossible(void)
{
    struct hak_stats before, after;
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = malloc(16 + i % 1000)));
    for (int i = 0; i < COUNT; i++)
        if (i % 7)
            free(block[i]);
    CHECK(heap_stats(&before) == 0);
    os_fault = count_call;
    for (int i = 0; i < TIMES; i++)
        CHECK(malloc((size_t)1 << SIZE) == NULL && errno == ENOMEM);
    os_fault = NULL;
    CHECK(heap_stats(&after) == 0);
    CHECK(calls[OS_MMAP] <= 2 * TIMES);
    CHECK(after.failures == before.failures + TIMES);
    CHECK(after.cached_blocks == before.cached_blocks && after.free_blocks == before.free_blocks);
    for (int i = 0; i < COUNT; i += 7)
        free(block[i]);
}

/* Nearly all of the room is cached or kept; then the same again, with a failure that repeats. */
static void possible(void)
{
    struct rlimit limit = {((size_t)memory_kib(0) << 10) + ROOM, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (int round = 0; round < 2; round++) {
        int n = 0;
        while ((block[n] = malloc(3000)))
            n++;
        CHECK(n * 3000ul > ROOM / 2);
        os_fault = count_call;
        memset(calls, 0, sizeof calls);
        for (int i = 0; i < TIMES; i++) /* nothing is free */
            CHECK(malloc(ROOM / 2) == NULL);
        os_fault = NULL;
        CHECK(calls[OS_MMAP] <= 3 * TIMES && calls[OS_MADVISE] == 0 && calls[OS_PURGE] == 0);
        while (n > 0)
            free(block[--n]);
        void *large = malloc(ROOM / 2);
        CHECK(large);
        free(large);
    }
}

int main(void)
{
    struct rlimit limit = {(size_t)1 << 35, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    impossible();
    possible();
    CHECK(heap_check() == 0);
    return 0;
}
