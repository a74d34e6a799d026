/* SPDX-License-Identifier: MIT */
/* Blocks that wait in a thread that only frees: they are free for hak_walk, the statistics and mallinfo2, in
 * this process and in a child; hak_check agrees; and all of them come home. */
/* { dg-link shared core tsan } */
/* { dg-variant "" } */
/* { dg-variant "-DIN_CHILD" } */
#include <pthread.h>
#include <sys/wait.h>

#include "check.h"

enum { SIZES = 6, EACH = 700, KEPT = 10 /* one in so many stays */ };
static const size_t sizes[SIZES] = {16, 48, 720, 1024, 4000, 20000};
static void *block[SIZES][EACH];
static pthread_barrier_t met;

static void *release(void *unused)
{
    for (int i = 0; i < EACH; i++)
        for (int s = 0; s < SIZES; s++)
            if (i % KEPT)
                free(block[s][i]);
    pthread_barrier_wait(&met); /* with what waits */
    pthread_barrier_wait(&met);
    return unused;
}

static int order(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return x < y ? -1 : x > y;
}

struct freed {
    uintptr_t at[SIZES * EACH];
    size_t n, seen_freed, seen_kept;
};
static struct freed freed;

static int each(void *p, size_t size, void *arg)
{
    uintptr_t key = (uintptr_t)p;
    (void)size;
    (void)arg;
    freed.seen_freed += bsearch(&key, freed.at, freed.n, sizeof key, order) != NULL;
    for (int s = 0; s < SIZES; s++)
        for (int i = 0; i < EACH; i += KEPT)
            freed.seen_kept += block[s][i] == p;
    return 0;
}

static void look(void)
{
    struct hak_stats stats;
    size_t kept = 0;
    freed.seen_freed = freed.seen_kept = 0;
    CHECK(hak_walk(each, NULL) == 0);
    CHECK(freed.seen_freed == 0);
    CHECK(freed.seen_kept == SIZES * (EACH / KEPT));
    CHECK(heap_stats(&stats) == 0);
    for (int s = 0; s < SIZES; s++)
        kept += sizes[s] * (EACH / KEPT);
    CHECK(stats.live_bytes >= kept);
#ifndef IN_CHILD /* there, what lay in caches is lost */
    CHECK(stats.live_bytes < kept + kept / 4 + 65536);
#endif
    CHECK(heap_check() == 0);
}

static void in_child(void)
{
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        look();
        for (int i = 0; i < EACH; i += KEPT)
            for (int s = 0; s < SIZES; s++)
                free(block[s][i]);
        for (int s = 0; s < SIZES; s++)
            for (int i = 0; i < EACH; i++)
                CHECK((block[s][i] = malloc(sizes[s])));
        CHECK(heap_check() == 0);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    pthread_t thread;
    struct hak_stats stats;
    pthread_barrier_init(&met, NULL, 2);
    for (int i = 0; i < EACH; i++)
        for (int s = 0; s < SIZES; s++) {
            CHECK((block[s][i] = malloc(sizes[s])));
            memset(block[s][i], 1, sizes[s]);
            if (i % KEPT)
                freed.at[freed.n++] = (uintptr_t)block[s][i];
        }
    qsort(freed.at, freed.n, sizeof *freed.at, order);
    CHECK(pthread_create(&thread, NULL, release, NULL) == 0);
    pthread_barrier_wait(&met);
#ifdef IN_CHILD
    in_child();
#else
    (void)in_child;
    look();
#endif
    pthread_barrier_wait(&met);
    CHECK(pthread_join(thread, NULL) == 0);
    for (int i = 0; i < EACH; i += KEPT)
        for (int s = 0; s < SIZES; s++)
            free(block[s][i]);
    malloc_trim(0);
    CHECK(heap_stats(&stats) == 0 && stats.live_bytes < 65536);
    CHECK(heap_check() == 0);
    return 0;
}
