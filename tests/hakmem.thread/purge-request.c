/* SPDX-License-Identifier: MIT */
/* Threads allocate, hand over and free, while another process's byte asks for a purge again and again: each that is
 * asked for alone is served once, what is in use stays, and the heap is sound. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "rows.h"

enum { THREADS = 6, ROUNDS = 40, BLOCKS = 400 };

static _Atomic(int) ending;

static void *work(void *arg)
{
    uint64_t state = 88172645463325252u + (uintptr_t)arg;
    unsigned char *block[BLOCKS] = {0};
    size_t size[BLOCKS] = {0};
    while (!ending) {
        unsigned i = next_random(&state) % BLOCKS;
        for (size_t k = 0; k < size[i]; k += 97)
            CHECK(block[i][k] == (unsigned char)i);
        free(block[i]);
        size[i] = next_random(&state) % (next_random(&state) % 50 ? 3000 : 300000) + 1;
        block[i] = memset(malloc(size[i]), (int)i, size[i]);
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        free(block[i]);
    return NULL;
}

static _Atomic(uint8_t) *byte(const char *name)
{
    return (_Atomic(uint8_t) *)(uintptr_t)(row("&purge_request") + offset(name));
}

static _Atomic(uint64_t) *word(const char *name)
{
    return (_Atomic(uint64_t) *)(uintptr_t)(row("&purge_request") + offset(name));
}

int main(void)
{
    pthread_t thread[THREADS];
    _Atomic(uint64_t) *begun = word("request.begun"), *done = word("request.done");
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    for (uint64_t n = 0; n < ROUNDS; n++) {
        CHECK(*begun == n && *done == n);
        *byte("request.wanted") = 1;
        while (*done == n) /* the timeout of the test is the deadline */
            usleep(200);
        CHECK(*byte("request.wanted") == 0 || *begun > n + 1);
        if (n % 10 == 0) { /* fork in between: the child is sound, and was not asked */
            *byte("request.wanted") = 1;
            pid_t pid = fork();
            if (pid == 0)
                _exit(*byte("request.wanted") == 0 && *byte("request.busy") == 0 && heap_check() == 0 ? 0
                                                                                                      : 1);
            int status;
            CHECK(waitpid(pid, &status, 0) == pid && status == 0);
            while (*byte("request.wanted") || *begun != *done)
                usleep(200);
            *begun = *done = n + 1; /* counted as one */
        }
    }
    ending = 1;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(heap_check() == 0);
    return 0;
}
