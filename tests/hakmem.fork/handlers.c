/* SPDX-License-Identifier: MIT */
/* Fork handlers that run before and after the library's free more than any list holds, set parameters, and
 * trim: the thread that forks does not wait for itself, and nothing is counted wrong afterwards. */
/* { dg-link preload core } */
/* { dg-timeout 60 } */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"

enum { MANY = 100000, FORKS = 3 };
static void *block[2][MANY];
static atomic_int stop;

static void allocate(void **b)
{
    for (int i = 0; i < MANY; i++) {
        CHECK((b[i] = malloc(64)));
        *(int *)b[i] = i;
    }
}

static void release(void **b)
{
    for (int i = 0; i < MANY; i++) {
        CHECK(!b[i] || *(int *)b[i] == i);
        free(b[i]);
        b[i] = NULL;
    }
}

static void prepare(void)
{
    release(block[0]);
#ifndef HAK_NAMES
    CHECK(mallopt(M_TRIM_THRESHOLD, 1 << 20) == 1);
#endif
    malloc_trim(0);
    free(malloc(3000000));
}

static void parent(void)
{
    release(block[1]);
}

static void enroll(void)
{
    pthread_atfork(prepare, parent, NULL);
}
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = enroll;

static void *work(void *unused)
{
    while (!atomic_load(&stop))
        free(malloc(64));
    return unused;
}

/* A thread of its own: its cache is verified when it ends. */
static void *fork_once(void *unused)
{
    int status;
    allocate(block[0]);
    allocate(block[1]);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        free(malloc(64));
        _exit(heap_check() != 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    for (int i = 0; i < 3; i++) { /* the long list becomes a magazine, and goes on its way */
        allocate(block[0]);
        release(block[0]);
    }
    CHECK(heap_check() == 0);
    return unused;
}

int main(void)
{
    pthread_t worker, thread;
    CHECK(pthread_create(&worker, NULL, work, NULL) == 0);
    for (int i = 0; i < FORKS; i++) {
        CHECK(pthread_create(&thread, NULL, fork_once, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    atomic_store(&stop, 1);
    CHECK(pthread_join(worker, NULL) == 0);
    struct hak_stats s;
    CHECK(heap_check() == 0 && heap_stats(&s) == 0 && s.live_blocks < 1000);
    return 0;
}
