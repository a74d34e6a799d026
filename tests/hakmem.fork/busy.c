/* SPDX-License-Identifier: MIT */
/* Thousands of forks while other threads allocate; each child allocates from every size range. */
/* { dg-link preload core } */
/* { dg-variant "-DFORKS=2000" } */
/* { dg-variant "-DFORKS=300 HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "-DFORKS=300 HAKMEM_CACHE_BYTES=0 HAKMEM_RETAIN_BYTES=0 HAKMEM_LARGE_CACHE_BYTES=0" } */
/* { dg-timeout 120 } */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"

enum { THREADS = 3 };
static atomic_int stop;

static void *work(void *seed)
{
    void *block[64] = {0};
    uint64_t state = (uintptr_t)seed + 5;
    while (!atomic_load(&stop)) {
        uint64_t r = next_random(&state);
        static const size_t top[] = {600, 600, 20000, 300000};
        free(block[r % 64]);
        CHECK((block[r % 64] = malloc((r >> 20) % ((r >> 50) % 1000 ? top[r >> 8 & 3] : 3000000))));
    }
    for (int i = 0; i < 64; i++)
        free(block[i]);
    return NULL;
}

static int child(void *inherited)
{
    for (size_t n = 1; n < 4000000; n = n * 4 + 1) {
        char *p = malloc(n);
        if (!p)
            return 2;
        p[0] = p[n - 1] = 1;
        p = realloc(p, n + n / 2);
        if (!p || p[0] != 1 || p[n - 1] != 1)
            return 3;
        free(p);
    }
    free(inherited);
    return heap_check() ? 4 : 0;
}

int main(void)
{
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < FORKS; i++) {
        void *p = malloc(i);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            _exit(child(p));
        free(p);
        int status;
        CHECK(waitpid(pid, &status, 0) == pid);
        if (status)
            dprintf(2, "fork %d: status %#x\n", i, status);
        CHECK(status == 0);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(heap_check() == 0);
    return 0;
}
