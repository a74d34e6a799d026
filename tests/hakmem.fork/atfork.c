/* SPDX-License-Identifier: MIT */
/* The program's own atfork handlers allocate: those of its first constructor and those of main. */
/* { dg-link preload shared } */
/* { dg-variant "-DEARLY" } */
/* { dg-variant "-DLATE" } */
/* { dg-timeout 20 } */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"

static atomic_int stop;
static int prepared, parents, children;

static void use_heap(void)
{
    for (size_t n = 10; n < 4000000; n *= 20) {
        void *p = malloc(n);
        CHECK(p);
        free(p);
    }
}

static void prepare(void)
{
    prepared++;
    use_heap();
}
static void parent(void)
{
    parents++;
    use_heap();
}
static void in_child(void)
{
    children++;
    use_heap();
}

#ifdef EARLY
__attribute__((constructor(101)))
#endif
static void
enroll(void)
{
    CHECK(pthread_atfork(prepare, parent, in_child) == 0);
}

static void *work(void *unused)
{
    while (!atomic_load(&stop))
        use_heap();
    return unused;
}

int main(void)
{
    pthread_t thread;
#ifdef LATE
    enroll();
#endif
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    for (int i = 1; i <= 300; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            _exit(children == 1 && prepared == i ? 0 : 1);
        int status;
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
        CHECK(prepared == i && parents == i);
    }
    atomic_store(&stop, 1);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
