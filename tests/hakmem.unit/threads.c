/* SPDX-License-Identifier: MIT */
/* Threads allocate, hand over through shared slots, resize and free; contents survive. */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum { THREADS = 4, SLOTS = 512, STEPS = 60000 };
struct head {
    size_t size;
    uint64_t stamp;
};
static _Atomic(struct head *) slot[SLOTS];

static uint64_t stamp_of(const struct head *h)
{
    return (uintptr_t)h * 0x9e3779b97f4a7c15u ^ h->size;
}

static void put(int i, struct head *h, size_t size)
{
    h->size = size;
    h->stamp = stamp_of(h);
    ((unsigned char *)h)[size - 1] ^= 0xff; /* the last byte belongs to us */
    h->stamp = stamp_of(h);
    struct head *old = atomic_exchange_explicit(&slot[i], h, memory_order_acq_rel);
    if (old) {
        CHECK(old->stamp == stamp_of(old));
        free(old);
    }
}

static void *work(void *seed)
{
    uint64_t state = (uintptr_t)seed * 77777 + 1;
    for (int i = 0; i < STEPS; i++) {
        uint64_t r = next_random(&state);
        size_t size = 32 + (r >> 30) % ((r & 15) ? 600 : 40000);
        struct head *h = (r >> 8 & 7) ? malloc(size) : memalign(64, size);
        CHECK(h);
        memset(h, (int)r, 24 < size ? 24 : size);
        if ((r >> 12 & 7) == 0) {
            size += size / 2;
            CHECK((h = realloc(h, size)));
        }
        put((int)(r % SLOTS), h, size);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(heap_check() == 0);
    for (int i = 0; i < SLOTS; i++)
        free(slot[i]);
    CHECK(heap_check() == 0);
    return 0;
}
