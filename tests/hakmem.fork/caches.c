/* SPDX-License-Identifier: MIT */
/* What a child costs does not grow with the threads of its parent: their caches are not written. The C
 * library itself writes to each thread's descriptor, a page. */
/* { dg-link preload core } */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "check.h"

enum { FEW = 8, MANY = 200, ALLOWED = 60 };
static pthread_barrier_t barrier;

static void *work(void *unused)
{
    for (int i = 1; i < 60; i++)
        free(malloc(i * 16));
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return unused;
}

/* Page faults of a child that allocates, where its parent has so many threads. */
static long faults_with(int threads)
{
    static pthread_t thread[MANY];
    struct rusage before, after;
    int status;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
    for (int i = 0; i < threads; i++)
        CHECK(pthread_create(&thread[i], NULL, work, NULL) == 0);
    pthread_barrier_wait(&barrier);
    getrusage(RUSAGE_CHILDREN, &before);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        free(malloc(100));
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    getrusage(RUSAGE_CHILDREN, &after);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < threads; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    return after.ru_minflt - before.ru_minflt;
}

int main(void)
{
    long few = faults_with(FEW), many = faults_with(MANY);
    dprintf(1, "%ld faults with %d threads, %ld with %d\n", few, FEW, many, MANY);
    CHECK(many - few <= MANY - FEW + ALLOWED);
    return 0;
}
