/* SPDX-License-Identifier: MIT */
/* heap/heap.h - what malloc and free do, without their names.
 *
 * FUNCTION, everywhere, is the public name that the program called: diagnostics carry it. It costs
 * the hot path nothing, as only its slow twin gets it. */
#ifndef HAK_HEAP_H
#define HAK_HEAP_H

#include <string.h>

#include "cache/thread.h"
#include "heap/mode.h"

/* Read the options and choose the mode, if that has not happened. life/init.c defines it: the start sets up
 * what lies above this floor, too. */
void hak_start(void);

/* The gate is open: free what was noted meanwhile (aside.h). */
void heap_resume(void);

/* True if a block was handed out before the mode was known. */
extern _Atomic(bool) heap_used_early;

void *heap_malloc_mid(size_t size, const char *function);
void *heap_malloc_slow(size_t size, const char *function);
void heap_free_odd(void *p, const char *function);
void heap_free_full(void *p, const char *function);
COLD NORETURN void heap_free_twice(void *p, const char *function);

/* malloc on one screen: the class of SIZE, the first block of its chain. Size 0 is class 0, which is
 * always empty. */
static ALWAYS_INLINE void *heap_malloc(size_t size, const char *function)
{
    if (UNLIKELY(size > TINY_MAX))
        return heap_malloc_mid(size, function);
    void *p = tcache_pop(thread_cache_once(), (size + MIN_ALIGN - 1) / MIN_ALIGN);
    return LIKELY(p != NULL) ? p : heap_malloc_slow(size, function);
}

/* free on one screen, through the cache TC. In this order:
 *   does P lie in the window of the class map? In that of the empty cache nothing does
 *   is it the beginning of a block of its class?
 *   is there room? Class 0, long spans, large and startup blocks have none
 *   is it the block that was freed last?
 * False: the answer to the first or second was no.
 *
 * P's memory is written and not read: it is often cold, and a load would wait for it (48 % of the throughput
 * at a million live blocks). A block freed twice with others in between is found when it comes back:
 * tcache_pop finds the `check` of a block in use, slab_put its bit, tcache_verify a chain longer than it
 * should be. It is handed out twice only where another thread noted it meanwhile (gather.h), and found when
 * that brings it home. */
static ALWAYS_INLINE bool heap_free_to(struct tcache *tc, void *p, const char *function)
{
    if (UNLIKELY(window_index(p, tc->window_at) >= tc->window_granules))
        return false;
    size_t mark = load_relaxed(tcache_mark(tc, p));
    if (UNLIKELY((uint16_t)(uintptr_t)p * *tcache_magic(tc, mark) >= MAGIC_LIMIT))
        return false;
    struct bin *bin = tcache_bin(tc, mark);
    if (UNLIKELY(add_reaches_zero(&bin->fill, FILL_PUSH))) {
        heap_free_full(p, function);
        return true;
    }
    struct block *b = p, *next = bin->head;
    if (UNLIKELY(next == b))
        heap_free_twice(p, function);
    b->next = next;
    b->check = (uintptr_t)next ^ block_key;
    INTERRUPTED_HERE();
    bin->head = b;
    return true;
}

static ALWAYS_INLINE void heap_free(void *p, const char *function)
{
    if (UNLIKELY(!heap_free_to(thread_cache(), p, function)))
        heap_free_odd(p, function);
}

void *heap_calloc_slow(size_t count, size_t size, const char *function);
void *heap_memalign_slow(size_t align, size_t size, const char *function);
void *heap_realloc(void *p, size_t size, const char *function);

static ALWAYS_INLINE void *heap_calloc(size_t count, size_t size, const char *function)
{
    size_t total;
    if (UNLIKELY(__builtin_mul_overflow(count, size, &total) || total > TINY_MAX))
        return heap_calloc_slow(count, size, function);
    void *p = tcache_pop(thread_cache_once(), (total + MIN_ALIGN - 1) / MIN_ALIGN);
    return LIKELY(p != NULL) ? memset(p, 0, total) : heap_calloc_slow(count, size, function);
}

/* ALIGN is a power of two. The size of a tiny class that is a multiple of it: so are its blocks. */
static ALWAYS_INLINE void *heap_memalign(size_t align, size_t size, const char *function)
{
    if (UNLIKELY(align > TINY_MAX || size > TINY_MAX))
        return heap_memalign_slow(align, size, function);
    size_t rounded = round_up(size, align); /* align <= TINY_MAX, which is a multiple of it */
    void *p = tcache_pop(thread_cache_once(), (rounded + MIN_ALIGN - 1) / MIN_ALIGN);
    return LIKELY(p != NULL) ? p : heap_memalign_slow(align, size, function);
}

size_t heap_usable_size(const void *p, const char *function);

/* Abort if the granule of startup.h, or the caller's cache with its spans, shows a fault that was not found
 * before. At the end of the process: it reads every block that is free there. */
void heap_verify(const char *function);

/* Give everything that is free back to the system, but for PAD bytes of EMPTY slabs: what lies in the
 * caller's cache, in those of threads that ended and in transfer slots, free pages inside partial slabs, kept
 * large mappings. Caches of other threads stay. True if anything went. malloc_trim(3) is this. */
bool heap_trim(size_t pad);

/* The same without PAD, for FUNCTION, the public name that diagnostics carry. The bytes. */
size_t heap_purge(const char *function);

#endif
