/* SPDX-License-Identifier: MIT */
/* mlockall under a small RLIMIT_MEMLOCK, without the right to exceed it: it is granted, nearly all of the
 * limit can be had as small blocks, and what is freed, which locked pages cannot be purged of, reads as zero
 * from calloc. */
/* { dg-require root } */
/* { dg-variant "-DFLAGS=MCL_CURRENT" } */
/* { dg-variant "-DFLAGS=MCL_FUTURE" } */
/* { dg-variant "-DFLAGS=MCL_CURRENT|MCL_FUTURE" } */
#include <sys/mman.h>
#include <sys/resource.h>

#include "check.h"

enum { LIMIT = 8 << 20, SIZE = 1000, MOST = LIMIT / SIZE };
static char *block[MOST];

static int fill(void)
{
    int n = 0;
    while (n < MOST && (block[n] = calloc(1, SIZE))) {
        for (int i = 0; i < SIZE; i++)
            CHECK(block[n][i] == 0);
        memset(block[n++], 1, SIZE);
    }
    return n;
}

int main(void)
{
    struct rlimit limit = {LIMIT, LIMIT};
    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    free(hide(malloc(1)));
    CHECK(mlockall(FLAGS) == 0);
    /* MCL_CURRENT locks what is there, MCL_FUTURE alone what comes. */
    size_t there = (FLAGS)&MCL_CURRENT ? (size_t)memory_kib(0) << 10 : 0;
    CHECK(there < LIMIT / 2);
    size_t room = LIMIT - there - (1 << 20), wanted = room < (MOST - 100) * SIZE ? room : (MOST - 100) * SIZE;
    for (int round = 0; round < 3; round++) {
        int n = fill();
        CHECK((size_t)n * SIZE >= wanted);
        CHECK(heap_check() == 0);
        while (n > 0)
            free(block[--n]);
        malloc_trim(0);
        CHECK(heap_check() == 0);
    }
    return 0;
}
