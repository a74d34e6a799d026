/* SPDX-License-Identifier: MIT */
/* The helper empties caches of threads that sleep, while others wake, allocate, end and fork: every block is
 * its owner's alone. A pattern in each says so. */
/* { dg-link preload } */
/* { dg-env HAKMEM_ACE_THREAD=1 } */
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

#include "rows.h"

enum { THREADS = 24, BLOCKS = 64, ROUNDS = 80, TAKEN = 300, GENERATIONS = 100 };

static _Atomic(bool) stop;

static uint64_t taken(void)
{
    struct hak_stats s;
    CHECK(heap_stats(&s) == 0);
    return s.sleepers;
}

static void fill(unsigned char *p, size_t size, unsigned char with)
{
    memset(p, with, size);
}

static void verify(const unsigned char *p, size_t size, unsigned char with)
{
    for (size_t i = 0; i < size; i++)
        CHECK(p[i] == with);
}

static void *live(void *seed)
{
    uint64_t state = 77 + (uintptr_t)seed * 0x9e3779b97f4a7c15u;
    unsigned char *block[BLOCKS] = {0}, with[BLOCKS] = {0};
    size_t size[BLOCKS] = {0}; /* set: what a stack had before may look like a call of ours */
    for (int round = 0; round < ROUNDS && !stop; round++) {
        for (unsigned n = next_random(&state) % 300; n > 0; n--) {
            unsigned i = next_random(&state) % BLOCKS;
            if (block[i]) {
                verify(block[i], size[i], with[i]);
                free(block[i]);
                block[i] = NULL;
                continue;
            }
            size[i] = 1 + next_random(&state) % (next_random(&state) % 64 ? 2000 : 150000);
            with[i] = (unsigned char)next_random(&state);
            CHECK((block[i] = malloc(size[i])));
            fill(block[i], size[i], with[i]);
        }
        if (next_random(&state) % 3 == 0)
            poll(NULL, 0, (int)(next_random(&state) % 40));
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        if (block[i]) {
            verify(block[i], size[i], with[i]);
            free(block[i]);
        }
    return NULL;
}

static void child(void)
{
    unsigned char *p[100];
    for (int i = 0; i < 100; i++) {
        CHECK((p[i] = malloc(40 + (size_t)i)));
        fill(p[i], 40 + (size_t)i, (unsigned char)i);
    }
    for (int i = 0; i < 100; i++) {
        verify(p[i], 40 + (size_t)i, (unsigned char)i);
        free(p[i]);
    }
    CHECK(heap_check() == 0);
    _exit(0);
}

static void *fork_again(void *unused)
{
    int status;
    while (!stop) {
        free(malloc(100));
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            child();
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
        poll(NULL, 0, 20);
    }
    return unused;
}

int main(void)
{
    pthread_t thread[THREADS], forker;
    *(volatile bool *)row("&sleepers.hurry") = true;
    CHECK(pthread_create(&forker, NULL, fork_again, NULL) == 0);
    for (int g = 0; taken() < TAKEN && g < GENERATIONS; g++) {
        for (intptr_t i = 0; i < THREADS; i++)
            CHECK(pthread_create(&thread[i], NULL, live, (void *)(g * THREADS + i)) == 0);
        for (int i = 0; i < THREADS; i++)
            CHECK(pthread_join(thread[i], NULL) == 0);
    }
    stop = true;
    CHECK(pthread_join(forker, NULL) == 0);
    uint64_t n = taken();
    if (n < TAKEN)
        dprintf(2, "taken: %lu\n", (unsigned long)n);
    CHECK(n >= TAKEN);
    CHECK(heap_check() == 0);
    return 0;
}
