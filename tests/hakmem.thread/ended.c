/* SPDX-License-Identifier: MIT */
/* Caches of threads that ended keep blocks for the next ones: within bounds, told as cached, not as live,
 * used by the threads of a child of fork, and given back by malloc_trim. */
/* { dg-link shared core tsan } */
#include <pthread.h>
#include <sys/wait.h>

#include "check.h"

#ifdef HAK_SANITIZED
enum { TOGETHER = 8, ROUNDS = 10 };
#else
enum { TOGETHER = 40, ROUNDS = 100 };
#endif
enum { BLOCKS = 300 };
static _Atomic(uintptr_t) sum;

static void *live(void *seed)
{
    uint64_t state = 1 + (uintptr_t)seed;
    void *block[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        size_t size = 1 + next_random(&state) % 1024;
        CHECK((block[i] = malloc(size)));
        memset(block[i], 1, size);
    }
    for (int i = 0; i < BLOCKS; i++)
        free(block[i]);
    sum += (uintptr_t)block[0];
    return NULL;
}

static void generations(int rounds, int together)
{
    pthread_t thread[TOGETHER];
    for (int round = 0; round < rounds; round++) {
        for (intptr_t t = 0; t < together; t++)
            CHECK(pthread_create(&thread[t], NULL, live, (void *)(t + 1)) == 0);
        for (int t = 0; t < together; t++)
            CHECK(pthread_join(thread[t], NULL) == 0);
    }
}

static int count_small(void *block, size_t size, void *n)
{
    (void)block;
    *(size_t *)n += size <= 1024;
    return 0;
}

int main(void)
{
    struct hak_stats before, after;
    size_t live_before = 0, live_after = 0;
    int status;
    generations(2, TOGETHER);
    CHECK(heap_stats(&before) == 0 && hak_walk(count_small, &live_before) == 0);
    generations(ROUNDS, TOGETHER);
    CHECK(heap_stats(&after) == 0 && hak_walk(count_small, &live_after) == 0);
    CHECK(live_after < live_before + BLOCKS);
    CHECK(after.cached_bytes > 0 && after.cached_bytes < 4 << 20);
    CHECK(heap_check() == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        generations(2, TOGETHER);
        CHECK(heap_check() == 0);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    malloc_trim(0);
    CHECK(heap_stats(&after) == 0 && after.cached_bytes < 65536);
    generations(1, 4);
    CHECK(heap_check() == 0);
    return 0;
}
