/* SPDX-License-Identifier: MIT */
/* Spans of 1 to 4 granules are kept once they were seen to be wanted again, up to a megabyte for all lengths,
 * and not longer than the purge delay; what was written to others stays. */
/* { dg-variant "HAKMEM_PURGE_DELAY=100" } */
#include <time.h>

#include "check.h"

enum { LENGTHS = 4, COUNT = 8, ROUNDS = 12, GRANULE = 65536, MOST = 1 << 20 };

static uint64_t shelved(void)
{
    struct hak_stats stats;
    CHECK(heap_stats(&stats) == 0);
    return stats.shelved_bytes;
}

static size_t size_of(int length)
{
    return (size_t)length * GRANULE - 30000;
}

static void in_turn(int length, int count)
{
    unsigned char *block[COUNT];
    size_t size = size_of(length);
    for (int i = 0; i < count; i++) {
        CHECK((block[i] = malloc(size)));
        CHECK((uintptr_t)block[i] % 16 == 0 && malloc_usable_size(block[i]) >= size);
        block[i][0] = block[i][size - 1] = (unsigned char)(length * COUNT + i);
    }
    for (int i = 0; i < count; i++) {
        CHECK(block[i][0] == length * COUNT + i && block[i][size - 1] == block[i][0]);
        free(block[i]);
    }
}

/* All of one length is kept, and found again. */
static void one_length(int length)
{
    for (int round = 0; round < ROUNDS; round++)
        in_turn(length, MOST / GRANULE / length < COUNT ? MOST / GRANULE / length : COUNT);
    uint64_t kept = shelved();
    CHECK(kept >= (uint64_t)COUNT / 2 * GRANULE && kept <= MOST);
    in_turn(length, 2);
    CHECK(shelved() == kept);
    CHECK(heap_check() == 0);
}

static void wait_ms(long ms)
{
    struct timespec until, now;
    clock_gettime(CLOCK_MONOTONIC, &until);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - until.tv_sec) * 1000 + (now.tv_nsec - until.tv_nsec) / 1000000 < ms);
}

int main(void)
{
    in_turn(1, 1);
    CHECK(shelved() == 0); /* wanted once */
    for (int length = 1; length <= LENGTHS; length++)
        one_length(length);
    for (int round = 0; round < ROUNDS; round++) {
        for (int length = 1; length <= LENGTHS; length++)
            in_turn(length, COUNT);
        CHECK(shelved() <= MOST);
    }
    CHECK(heap_check() == 0);

    malloc_trim(0);
    CHECK(shelved() == 0);
    one_length(2);
    /* Nobody takes one any more: what other sizes do gives them back. */
    for (int i = 0; i < 100 && shelved(); i++) {
        void *block[400];
        wait_ms(10);
        for (int k = 0; k < 400; k++)
            CHECK((block[k] = malloc(3000)));
        for (int k = 0; k < 400; k++)
            free(block[k]);
    }
    CHECK(shelved() == 0 && heap_check() == 0);
    struct hak_stats stats; /* what was given up was not allocated */
    CHECK(heap_stats(&stats) == 0 && stats.allocations < 1000000);
    return 0;
}
