/* SPDX-License-Identifier: MIT */
/* The system refuses a call while strips are made, emptied and purged: no block loses its contents, the books
 * stay right, and later everything goes as before. */
/* { dg-env HAKMEM_LIMIT_BYTES=200m } */
/* { dg-link core asan ubsan } */
/* { dg-variant "-DREFUSED=OS_MMAP" } */
/* { dg-variant "-DREFUSED=OS_MUNMAP" } */
/* { dg-variant "-DREFUSED=OS_PURGE" } */
#include <time.h>

#include "check.h"
#include "base/os.h"

enum { WASTE = 200, COUNT = 300, SIZE = 44000, CALLS = 40 };
static char *block[COUNT];
static int until, seen;

static int seam(enum os_call call)
{
    seen += call == REFUSED;
    return call == REFUSED && until-- <= 0 ? ENOMEM : 0;
}

/* Which blocks could be had. */
static int allocate(void)
{
    int n = 0;
    for (int i = 0; i < COUNT; i++) {
        block[i] = i % 2 ? malloc(SIZE) : calloc(1, SIZE);
        if (!block[i])
            continue;
        CHECK(i % 2 || (block[i][0] == 0 && block[i][SIZE / 2] == 0 && block[i][SIZE - 1] == 0));
        block[i][0] = block[i][SIZE / 2] = block[i][SIZE - 1] = (char)i;
        n++;
    }
    CHECK(heap_check() == 0);
    return n;
}

static void release(int first, int step)
{
    for (int i = first; i < COUNT; i += step) {
        if (block[i])
            CHECK(block[i][0] == (char)i && block[i][SIZE / 2] == (char)i && block[i][SIZE - 1] == (char)i);
        free(block[i]);
        block[i] = NULL;
    }
    CHECK(heap_check() == 0);
}

int main(void)
{
    struct hak_stats start, end;
    for (int i = 0; i < WASTE; i++)
        CHECK(hide(malloc(33000)));
    CHECK(heap_stats(&start) == 0);
    for (int call = 0; call < CALLS; call++) { /* from the call of this number on */
        until = call;
        os_fault = seam;
        int had = allocate();
        CHECK(REFUSED == OS_MMAP || had == COUNT);
        release(0, call % 2 + 1); /* every second time nothing stays in the strips */
        malloc_trim(0);
        CHECK(heap_check() == 0);
        os_fault = NULL;
        release(1, 2);
        CHECK(heap_stats(&end) == 0 && end.live_blocks == start.live_blocks);
    }
    CHECK(seen > 0);
    CHECK(allocate() == COUNT);
    release(0, 1);
    struct timespec second = {1, 200000000};
    nanosleep(&second, NULL); /* for so long no purge is tried again */
    malloc_trim(0);
    CHECK(heap_check() == 0 && heap_stats(&end) == 0);
    CHECK(end.retained_bytes == 0);
    return 0;
}
