/* SPDX-License-Identifier: MIT */
/* The C library frees blocks while it holds the lock of its stacks, which pthread_create takes: no such free may
 * start the helper. A child of fork frees what its parent's threads had, at its first pthread_create; and where
 * stacks are larger than what is kept of them, each end of a thread frees. A hang is the fault. */
/* { dg-link shared } */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_ACE_THREAD=1" } */
#include <pthread.h>
#include <sys/wait.h>

#include "helper.h"

enum { KEEP = 25 << 20, STACK = 24 << 20, THREADS = 6, ROUNDS = 150 };

/* Slow paths, and so ticks, in frees alone. */
static void *work(void *unused)
{
    (void)unused;
    for (int i = 0; i < 300; i++)
        free(hide(calloc(1, 30000)));
    return NULL;
}

static void some_threads(void)
{
    pthread_t thread[THREADS];
    pthread_attr_t attr;
    CHECK(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, STACK) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], &attr, work, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
}

int main(void)
{
    char *held = malloc(KEEP);
    CHECK(held);
    memset(held, 1, KEEP);
    for (int round = 0; round < ROUNDS; round++) {
        some_threads();
        if (round % 30 != 29)
            continue;
        pid_t child = fork();
        if (child == 0) {
            for (int i = 0; i < 10; i++)
                some_threads();
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    free(held);
    CHECK(hak_check() == 0);
    return 0;
}
