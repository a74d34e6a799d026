/* SPDX-License-Identifier: MIT */
/* A thread keeps the span it freed last once it was seen to want it again; trim and
 * the end of the thread give all of it back. */
#include "check.h"

#include <pthread.h>

enum { SIZE = 100000, USED = 128 << 10 };

static uint64_t retained(void)
{
    struct hak_stats stats;
    CHECK(heap_stats(&stats) == 0);
    return stats.retained_bytes;
}

static void *in_turn(void *unused)
{
    void *first, *second;
    for (int i = 0; i < 3; i++) {
        CHECK((first = malloc(SIZE)));
        free(first);
    }
    CHECK((second = malloc(SIZE)) && second == first);
    memset(second, 1, SIZE);
    free(second);
    return unused;
}

static void many_sizes(void)
{
    void *block[16];
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 16; i++)
            CHECK((block[i] = malloc((size_t)(i + 1) << 16)));
        for (int i = 0; i < 16; i++)
            free(block[i]);
    }
    CHECK(heap_check() == 0);
}

int main(void)
{
    pthread_t thread;
    malloc_trim(0);
    CHECK(retained() == 0);
    in_turn(NULL);
    CHECK(retained() >= USED);
    malloc_trim(0);
    CHECK(retained() == 0);
    many_sizes();
    malloc_trim(0);
    CHECK(retained() == 0);
    CHECK(pthread_create(&thread, NULL, in_turn, NULL) == 0 && pthread_join(thread, NULL) == 0);
    malloc_trim(0);
    CHECK(retained() == 0);
    CHECK(heap_check() == 0);
    return 0;
}
