/* SPDX-License-Identifier: MIT */
/* Key destructors of later rounds allocate and free when the thread cache is long gone. */
/* { dg-link preload core asan tsan shared } */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
#include <limits.h>
#include <pthread.h>

#include "check.h"

/* ThreadSanitizer ends its own account of a thread in the last round, and crashes on atomics after that. */
#ifdef __SANITIZE_THREAD__
enum { ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS - 1 };
#else
enum { ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS };
#endif

enum { KEYS = 40, THREADS = 500 };
static pthread_key_t key[KEYS];

static void destructor(void *value)
{
    char **block = value;
    int round = block[0][0];
    free(block[1]);
    CHECK((block[1] = realloc(malloc(40 + round), 3000)));
    if (round < ROUNDS - 1) { /* once more in the next round */
        block[0][0]++;
        for (int i = 0; i < KEYS; i++)
            if (pthread_getspecific(key[i]) == NULL) {
                pthread_setspecific(key[i], value);
                return;
            }
    }
    free(block[1]);
    free(block[0]);
    free(block);
}

static void *work(void *unused)
{
    for (int i = 0; i < KEYS; i += 2) {
        char **block = calloc(2, sizeof *block);
        CHECK(block);
        CHECK((block[0] = calloc(1, 16)) && (block[1] = malloc((size_t)1 << (i % 20))));
        CHECK(pthread_setspecific(key[i], block) == 0);
    }
    return unused;
}

int main(void)
{
    for (int i = 0; i < KEYS; i++)
        CHECK(pthread_key_create(&key[i], destructor) == 0);
    struct hak_stats before, after;
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        if (i == 10)
            (void)heap_stats(&before);
    }
    (void)heap_stats(&after);
    CHECK(heap_check() == 0);
    CHECK(after.live_blocks <= before.live_blocks + 100);
    CHECK(after.threads <= before.threads + 2);
    CHECK(after.cached_bytes <= before.cached_bytes + (1u << 20));
    return 0;
}
