/* SPDX-License-Identifier: MIT */
/* The child of a threaded process creates threads and forks again. */
/* { dg-link preload core } */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"

static atomic_int stop;

static void *forever(void *unused)
{
    while (!atomic_load(&stop))
        free(malloc(100));
    return unused;
}

static void *some(void *unused)
{
    void *block[500];
    for (int i = 0; i < 500; i++)
        CHECK((block[i] = malloc(i * 20)));
    for (int i = 0; i < 500; i++)
        free(block[i]);
    return unused;
}

static void generation(int depth)
{
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&thread[i], NULL, some, NULL) == 0);
    if (depth > 0) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            generation(depth - 1);
            exit(0);
        }
        int status;
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(heap_check() == 0);
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, forever, NULL) == 0);
    for (int i = 0; i < 100; i++)
        generation(3);
    atomic_store(&stop, 1);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
