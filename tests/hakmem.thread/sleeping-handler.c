/* SPDX-License-Identifier: MIT */
/* A handler that interrupts malloc and free anywhere, and sleeps: the cache below it is in the middle of a
 * change, and is not taken. With -DALTSTACK on a stack of its own, an array on that of the thread. The child
 * of vfork has the cache of its parent, which waits. */
/* { dg-link preload } */
/* { dg-env HAKMEM_ACE_THREAD=1 } */
/* { dg-variant "" } */
/* { dg-variant "-DALTSTACK" } */
/* { dg-variant "-DVFORK" } */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "rows.h"

enum { BLOCKS = 400, SIGNALS = 300 };
static _Atomic(bool) stop;
static _Atomic(int) handled;

static uint64_t taken(void)
{
    struct hak_stats s;
    CHECK(heap_stats(&s) == 0);
    return s.sleepers;
}

static void sleep_here(int signal)
{
    (void)signal;
    poll(NULL, 0, 25); /* longer than the helper waits */
    handled++;
}

/* It never sleeps but in the handler. */
static void *work(void *unused)
{
    char *block[BLOCKS];
#ifdef ALTSTACK
    char own[SIGSTKSZ + 65536];
    stack_t stack = {.ss_sp = own, .ss_size = sizeof own};
    CHECK(sigaltstack(&stack, NULL) == 0);
#endif
    while (!stop) {
        for (int i = 0; i < BLOCKS; i++)
            CHECK((block[i] = malloc(64 + 16 * (size_t)(i % 8))));
        for (int i = 0; i < BLOCKS; i++)
            free(block[i]);
    }
    return unused;
}

#ifdef VFORK
static void *parent(void *unused)
{
    char *block[BLOCKS];
    int status;
    for (int i = 0; i < BLOCKS; i++)
        CHECK((block[i] = malloc(200)));
    for (int i = 0; i < BLOCKS; i++)
        free(block[i]);
    pid_t pid = vfork();
    if (pid == 0) {
        for (int i = 0; i < 40; i++) /* with the parent's cache, while it waits */
            poll(NULL, 0, 25);
        _exit(0);
    }
    uint64_t n = taken();
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(n == 0);
    return unused;
}
#endif

int main(void)
{
    pthread_t thread;
    *(volatile bool *)row("&sleepers.hurry") = true;
#ifdef VFORK
    CHECK(pthread_create(&thread, NULL, parent, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
#endif
    struct sigaction sa = {.sa_handler = sleep_here, .sa_flags = SA_ONSTACK};
    CHECK(sigaction(SIGUSR1, &sa, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    for (int i = 1; i <= SIGNALS; i++) {
        CHECK(pthread_kill(thread, SIGUSR1) == 0);
        while (handled < i)
            poll(NULL, 0, 1);
        for (volatile int n = 0; n < i * 37 % 5000; n++)
            ;
    }
    CHECK(taken() == 0);
    stop = true;
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(heap_check() == 0);
    return 0;
}
