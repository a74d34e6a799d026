/* SPDX-License-Identifier: MIT */
/* Threads that allocate, resize, hand over and free guarded blocks, and others, at the same time: every block
 * keeps what was written to it, and no fault is found where there is none. */
/* { dg-options "-O1 -pthread" } */
/* { dg-link preload core tsan ubsan } */
/* { dg-env HAKMEM_GUARD_BYTES=64 } */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_SAMPLE=1 HAKMEM_SAMPLE_BYTES=16 HAKMEM_GUARD_BYTES=512" } */
#include <pthread.h>
#include <stdatomic.h>

#include "guarded.h"

#ifdef HAK_SANITIZED
enum { ROUNDS = 1000 };
#else
enum { ROUNDS = 30000 };
#endif
enum { THREADS = 4, SHARED = 64 };
static _Atomic(char *) shared[SHARED]; /* its first 4 bytes: its size, the rest its last digit */
static atomic_int guarded_ones;

static void fill(char *p, uint32_t size)
{
    memcpy(p, &size, sizeof size);
    memset(p + sizeof size, (int)(size & 0xff), size - sizeof size);
}

static uint32_t verify(const char *p)
{
    uint32_t size;
    memcpy(&size, p, sizeof size);
    for (uint32_t i = sizeof size; i < size; i++)
        CHECK((unsigned char)p[i] == (size & 0xff));
    return size;
}

static void *work(void *seed)
{
    uint64_t state = (uintptr_t)seed * 0x9e3779b97f4a7c15;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t r = next_random(&state);
        uint32_t size = 4 + (uint32_t)(r % (r >> 20 & 15 ? 300 : 5000));
        char *p = malloc(size);
        CHECK(p);
        guarded_ones += malloc_usable_size(p) == size && size % 16;
        fill(p, size);
        p = atomic_exchange(&shared[r >> 32 & (SHARED - 1)], p);
        if (!p)
            continue;
        size = verify(p);
        if (r >> 40 & 1) {
            CHECK((p = realloc(p, size + 20)));
            verify(p);
        }
        free(p);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    for (int i = 0; i < SHARED; i++)
        if (shared[i]) {
            verify(shared[i]);
            free(shared[i]);
        }
    CHECK(guarded_ones > 30);
    CHECK(heap_check() == 0);
    return 0;
}
