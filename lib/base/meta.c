/* SPDX-License-Identifier: MIT */
/* base/meta.c - memory for descriptors.
 * A bump allocator. The first chunk is in .bss, so that a small program maps nothing for it. */
#include "base/meta.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "base/layout.h"
#include "base/lock.h"
#include "base/os.h"

/* The first chunk holds one thread cache and the first superslab's descriptor. */
enum { FIRST_CHUNK = 26 << 10 };

/* Where memory is locked or counted, a small process needs no large ones. */
enum { SECOND_CHUNK = 64 << 10, CHUNK = 256 << 10 };

static CACHE_ALIGNED char first_chunk[FIRST_CHUNK];

static struct meta {
    char *next, *end;       /* by the META lock: the unused rest of the current chunk */
    _Atomic(size_t) mapped; /* relaxed: a sum */
    _Atomic(struct meta_chunk *)
        chunks; /* by the lock; read without: chunks stay, a link is fixed once seen */
} meta = {.next = first_chunk, .end = first_chunk + FIRST_CHUNK, .mapped = FIRST_CHUNK};

/* Begin with the chunk at P. Lock held. */
static void add_chunk(char *p, size_t size)
{
    struct meta_chunk *chunk = (struct meta_chunk *)p;
    *chunk = (struct meta_chunk){load_relaxed(&meta.chunks), size};
    store_release(&meta.chunks, chunk);
    meta.next = p + sizeof *chunk;
    meta.end = p + size;
    add_relaxed(&meta.mapped, size);
}

void *meta_alloc_locked(size_t size)
{
    size = round_up(size, 64);
    void *result = NULL;
    if ((size_t)(meta.end - meta.next) < size) {
        size_t least = round_up(size + sizeof(struct meta_chunk), os_page_size());
        size_t chunk = max_size(load_relaxed(&meta.chunks) ? CHUNK : SECOND_CHUNK, least);
        char *p = os_map(chunk, os_page_size(), NULL, true);
        if (!p) /* close to the limit: just what is needed */
            p = os_map(chunk = least, os_page_size(), NULL, true);
        if (p)
            add_chunk(p, chunk);
    }
    if ((size_t)(meta.end - meta.next) >= size) {
        result = meta.next;
        meta.next += size;
    }
    return result;
}

void *meta_alloc(size_t size)
{
    meta_lock();
    void *result = meta_alloc_locked(size);
    meta_unlock();
    return result;
}

const struct meta_chunk *meta_chunks(void)
{
    return load_acquire(&meta.chunks);
}

void meta_each(void (*each)(const void *base, size_t size, void *arg), void *arg)
{
    each(first_chunk, FIRST_CHUNK, arg);
    for (const struct meta_chunk *chunk = meta_chunks(); chunk; chunk = chunk->next)
        each(chunk, chunk->size, arg);
}

size_t meta_bytes(void)
{
    return load_relaxed(&meta.mapped);
}

void meta_note_mapped(size_t size)
{
    add_relaxed(&meta.mapped, size);
}

void meta_lock(void)
{
    lock_take(RANK_META);
}

void meta_unlock(void)
{
    lock_give(RANK_META);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_meta[] = {
    LAYOUT_ADDRESS(meta.mapped),
    LAYOUT_ADDRESS(meta.chunks),
    LAYOUT_ADDRESS(first_chunk),
    LAYOUT_CONSTANT(FIRST_CHUNK),
    LAYOUT_END,
};
