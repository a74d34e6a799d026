/* SPDX-License-Identifier: MIT */
/* Threads that never miss their caches are sampled soon after another one began it, and run free of it
 * after the end. */
/* { dg-options "-O1 -pthread" } */
#include <pthread.h>
#include <stdatomic.h>

#include "profile.h"

enum { THREADS = 3 };
static atomic_int stop, running;
static char path[64];

__attribute__((noinline)) static void *pair(void *p)
{
    free(p);
    p = malloc(64);
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

static void *work(void *unused)
{
    void *p = NULL;
    running++;
    while (!stop)
        p = pair(p);
    free(p);
    return unused;
}

int main(void)
{
    pthread_t thread[THREADS];
    snprintf(path, sizeof path, "reached.%d.heap", (int)getpid());
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, NULL) == 0);
    while (running < THREADS)
        usleep(1000);
    for (int round = 0; round < 3; round++) {
        CHECK(hak_profile_start(65536) == 0);
        unsigned long samples = 0;
        do {
            usleep(10000);
            CHECK(hak_profile_dump(path) == 0);
            samples = profile_sum(path, (void *)pair, 200).samples;
        } while (samples < 20 * THREADS); /* the test's limit of time says that they were not reached */
        CHECK(hak_profile_stop() == 0);
        struct hak_stats before, after;
        CHECK(hak_stats_get(&before, sizeof before) == 0);
        usleep(20000);
        CHECK(hak_stats_get(&after, sizeof after) == 0);
        CHECK(after.allocations > before.allocations);
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(hak_check() == 0);
    unlink(path);
    return 0;
}
