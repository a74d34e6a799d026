/* SPDX-License-Identifier: MIT */
/* Nine tenths of a limit of the address space, or of data, can be had in blocks of one size, again and again,
 * and at the alignment of a page; and what was freed serves other sizes. */
/* { dg-timeout 200 } */
/* { dg-variant "-DSIZE=33000 -DLIMIT=RLIMIT_AS" } */
/* { dg-variant "-DSIZE=33000 -DLIMIT=RLIMIT_AS FROM_START=1" } */
/* { dg-variant "-DSIZE=33000 -DLIMIT=RLIMIT_DATA" } */
/* { dg-variant "-DSIZE=66000 -DLIMIT=RLIMIT_AS" } */
/* { dg-variant "-DSIZE=66000 -DLIMIT=RLIMIT_DATA" } */
/* { dg-variant "-DSIZE=140000 -DLIMIT=RLIMIT_AS" } */
/* { dg-variant "-DSIZE=140000 -DLIMIT=RLIMIT_DATA" } */
/* { dg-variant "-DSIZE=235000 -DLIMIT=RLIMIT_AS" } */
/* { dg-variant "-DSIZE=300000 -DLIMIT=RLIMIT_AS" } */
/* { dg-variant "-DSIZE=300000 -DLIMIT=RLIMIT_DATA" } */
/* { dg-variant "-DSIZE=560000 -DLIMIT=RLIMIT_AS" } */
/* { dg-variant "-DSIZE=900000 -DLIMIT=RLIMIT_DATA" } */
/* { dg-variant "-DSIZE=1100000 -DLIMIT=RLIMIT_AS" } */
/* { dg-variant "-DSIZE=2500000 -DLIMIT=RLIMIT_DATA" } */
/* { dg-variant "-DSIZE=5000000 -DLIMIT=RLIMIT_AS" } */
/* { dg-variant "-DSIZE=73000 -DLIMIT=RLIMIT_AS -DALIGN=4096" } */
/* { dg-variant "-DSIZE=66000 -DLIMIT=RLIMIT_AS HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

enum { ROOM = 256 << 20, ROUNDS = 3 };
static char *block[ROOM / 32768];

static char *get(size_t size)
{
#ifdef ALIGN
    return memalign(ALIGN, size);
#else
    return malloc(size);
#endif
}

/* Blocks of SIZE bytes until there are no more. */
static int fill(size_t size)
{
    int n = 0;
    while ((block[n] = get(size)))
        block[n++][0] = 1;
    CHECK(errno == ENOMEM);
    return n;
}

static void release(int n)
{
    while (n > 0)
        free(block[--n]);
    CHECK(heap_check() == 0);
}

int main(void)
{
    char *argv[] = {"limit-spans", NULL};
    free(hide(malloc(1)));
    struct rlimit limit;
    CHECK(getrlimit(LIMIT, &limit) == 0);
    if (limit.rlim_cur != ROOM) {
        limit = (struct rlimit){ROOM, ROOM};
        CHECK(setrlimit(LIMIT, &limit) == 0);
        if (LIMIT == RLIMIT_DATA ||
            getenv("FROM_START")) /* RLIMIT_DATA is known from the start, or not at all */
            CHECK(execv("/proc/self/exe", argv) == 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        int n = fill(SIZE);
        dprintf(1, "%zu MiB\n", (size_t)n * SIZE >> 20);
        CHECK((size_t)n * SIZE >= ROOM / 10 * (size_t)9);
        CHECK(heap_check() == 0);
        release(n);
    }
    int n = fill(SIZE == 40000 ? 50000 : 40000);
    CHECK((size_t)n * 40000 >= ROOM / 10 * (size_t)8);
    release(n);
    return 0;
}
