/* SPDX-License-Identifier: MIT */
/* After fork the child knows its blocks and has one thread cache, not those of lost threads. */
/* { dg-link preload core } */
#include <pthread.h>
#include <sys/wait.h>

#include "check.h"

static pthread_barrier_t barrier;

static void *work(void *unused)
{
    void *block[1000];
    for (int i = 0; i < 1000; i++)
        CHECK((block[i] = malloc(100)));
    for (int i = 0; i < 1000; i++)
        free(block[i]);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return unused;
}

int main(void)
{
    pthread_t thread[5];
    free(malloc(1));
    pthread_barrier_init(&barrier, NULL, 6);
    for (int i = 0; i < 5; i++)
        CHECK(pthread_create(&thread[i], NULL, work, NULL) == 0);
    pthread_barrier_wait(&barrier);
    struct hak_stats before;
    CHECK(heap_stats(&before) == 0);
    CHECK(before.threads >= 6);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct hak_stats after;
        free(malloc(10));
        CHECK(heap_stats(&after) == 0);
        CHECK(after.threads == 1);
        /* What the caches of lost threads held cannot be told from blocks in use. */
        CHECK(after.live_bytes <= before.live_bytes + before.cached_bytes + 4096);
        CHECK(after.live_bytes + 4096 >= before.live_bytes);
        CHECK(heap_check() == 0);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 5; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    return 0;
}
