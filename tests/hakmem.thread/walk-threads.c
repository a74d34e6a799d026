/* SPDX-License-Identifier: MIT */
/* hak_walk beside very many threads, in each of which blocks wait to go home, takes no longer than its blocks
 * are worth: it looks at the threads once, not for each slab. And it tells none of what waits. */
/* { dg-link shared } */
/* { dg-timeout 120 } */
#include <pthread.h>
#include <time.h>

#include "check.h"

enum { THREADS = 1500, BLOCKS = 100000, SIZE = 1000, FOREIGN = 500, FACTOR = 20, FLOOR_MS = 100 };
static void *foreign[THREADS];
static pthread_barrier_t met;

static void *release(void *place)
{
    free(*(void **)place);
    pthread_barrier_wait(&met);
    pthread_barrier_wait(&met);
    return NULL;
}

static int each(void *p, size_t size, void *count)
{
    (void)p;
    *(size_t *)count += size >= FOREIGN && size < SIZE;
    return 0;
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double walk(size_t *count)
{
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        double start = now_ms();
        *count = 0;
        CHECK(hak_walk(each, count) == 0);
        best = now_ms() - start < best ? now_ms() - start : best;
    }
    return best;
}

int main(void)
{
    static pthread_t thread[THREADS];
    pthread_attr_t attr;
    size_t before, after;
    for (int i = 0; i < BLOCKS; i++)
        CHECK(hide(malloc(SIZE)));
    size_t others;
    (void)walk(&others);
    for (int i = 0; i < THREADS; i++)
        CHECK((foreign[i] = malloc(FOREIGN)));
    double alone = walk(&before);
    CHECK(before == others + THREADS);
    CHECK(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, 64 << 10) == 0);
    CHECK(pthread_barrier_init(&met, NULL, THREADS + 1) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], &attr, release, &foreign[i]) == 0);
    pthread_barrier_wait(&met);
    double beside = walk(&after);
    dprintf(1, "alone %.1f ms, beside %d threads %.1f ms\n", alone, THREADS, beside);
    CHECK(after < before - THREADS / 2); /* what the C library has for its threads is new */
    CHECK(beside < FACTOR * alone + FLOOR_MS);
    pthread_barrier_wait(&met);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    return 0;
}
