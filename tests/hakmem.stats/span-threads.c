/* SPDX-License-Identifier: MIT */
/* Spans that lie on the shelves of many threads are nobody's: what is said to be in use is what the program
 * holds, within 15 % and a megabyte, while they lie there, by the statistics, and exactly by the walk. */
/* { dg-link shared } */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum { THREADS = 6, KEPT = 12, ROUNDS = 20, COUNT = 500 };
static const size_t sizes[] = {33000, 70000, 140000, 250000};
enum { SIZES = sizeof sizes / sizeof *sizes };
static pthread_barrier_t full, done;
static void *held[COUNT];

/* Blocks in turn, until as many may be kept as there is room for; then hold on to what lies there. */
static void *work(void *at)
{
    size_t size = sizes[(size_t)at % SIZES];
    void *block[KEPT];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < KEPT; i++)
            CHECK((block[i] = malloc(size)));
        for (int i = 0; i < KEPT; i++)
            free(block[i]);
    }
    pthread_barrier_wait(&full);
    pthread_barrier_wait(&done);
    return NULL;
}

static int add(void *p, size_t size, void *sum)
{
    *(size_t *)sum += size;
    return p == NULL;
}

static size_t walked(void)
{
    size_t sum = 0;
    CHECK(hak_walk(add, &sum) == 0);
    return sum;
}

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void near(size_t is, size_t should)
{
    CHECK(is + (1 << 20) >= should - should / 20 && is <= should + should * 15 / 100 + (1 << 20));
}

int main(void)
{
    pthread_t thread[THREADS];
    size_t before = walked(), used = in_use();
    pthread_barrier_init(&full, NULL, THREADS + 1);
    pthread_barrier_init(&done, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    pthread_barrier_wait(&full);
    CHECK(walked() <= before + 65536);
    near(in_use(), used);
    size_t bytes = 0;
    for (int i = 0; i < COUNT; i++) {
        size_t size = sizes[i % SIZES];
        CHECK((held[i] = malloc(size)));
        bytes += size;
    }
    near(in_use(), used + bytes);
    CHECK(walked() >= before + bytes && walked() <= before + bytes + COUNT * 4096 + 65536);
    for (int i = 0; i < COUNT; i++)
        free(held[i]);
    near(in_use(), used);
    pthread_barrier_wait(&done);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(walked() <= before + 65536 && hak_check() == 0);
    return 0;
}
