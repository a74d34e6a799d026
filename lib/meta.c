/* SPDX-License-Identifier: MIT */
/* meta.c - memory for descriptors (floor F2).
 * A bump allocator. The first chunk is in .bss, so that a small program maps nothing for it. */
#include "meta.h"

#include "atomic.h"
#include "bits.h"
#include "lock.h"
#include "os.h"

/* The first chunk holds one thread cache and the first superslab's descriptor. */
enum { FIRST_CHUNK = 26 << 10, CHUNK = 256 << 10 };

static CACHE_ALIGNED char first_chunk[FIRST_CHUNK];

static struct meta {
    struct lock lock;
    char *next, *end; /* by lock: the unused rest of the current chunk */
    _Atomic(size_t) mapped;
} meta = {.next = first_chunk, .end = first_chunk + FIRST_CHUNK, .mapped = FIRST_CHUNK};

void *meta_alloc(size_t size)
{
    size = round_up(size, 64);
    void *result = NULL;
    lock_take(&meta.lock, RANK_META);
    if ((size_t)(meta.end - meta.next) < size) {
        size_t chunk = max_size(CHUNK, round_up(size, os_page_size()));
        char *p = os_map(chunk, os_page_size(), NULL, true);
        if (!p) /* close to the limit: just what is needed */
            p = os_map(chunk = round_up(size, os_page_size()), os_page_size(), NULL, true);
        if (p) {
            meta.next = p;
            meta.end = p + chunk;
            add_relaxed(&meta.mapped, chunk);
        }
    }
    if ((size_t)(meta.end - meta.next) >= size) {
        result = meta.next;
        meta.next += size;
    }
    lock_give(&meta.lock, RANK_META);
    return result;
}

size_t meta_bytes(void)
{
    return load_relaxed(&meta.mapped);
}

void meta_note_mapped(size_t size)
{
    add_relaxed(&meta.mapped, size);
}

void meta_lock_for_fork(void)
{
    lock_take(&meta.lock, RANK_META);
}

void meta_unlock_after_fork(void)
{
    lock_give(&meta.lock, RANK_META);
}
