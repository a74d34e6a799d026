/* SPDX-License-Identifier: MIT */
/* heap/resize.c - sizes of blocks, and realloc. */
#include "heap/heap.h"

#include <errno.h>
#include <string.h>

#include "base/libc.h"
#include "events/failure.h"
#include "memory/large.h"
#include "memory/strip.h"
#include "adapt/tick.h"
#include "heap/aside.h"
#include "heap/checked.h"
#include "heap/sampled.h"
#include "heap/uncached.h"

/* Usable size of P, for the program. */
static size_t size_of(const void *p, unsigned c, const char *function)
{
    return load_relaxed(&heap_mode) == HEAP_CHECKED ? checked_size(p, c, function)
                                                    : uncached_size(p, c, function);
}

/* True if P begins a block of a class that is cached, and no span, found as free finds it: *C. */
static ALWAYS_INLINE bool is_cached_block(const void *p, unsigned *c)
{
    const struct tcache *tc = thread_cache();
    if (UNLIKELY(window_index(p, tc->window_at) >= tc->window_granules))
        return false;
    size_t mark = load_relaxed(tcache_mark(tc, p));
    uint32_t magic = *tcache_magic(tc, mark);
    if (UNLIKELY(magic <= BINNED_MAGIC) || UNLIKELY((uint16_t)(uintptr_t)p * magic >= MAGIC_LIMIT))
        return false;
    *c = (unsigned)mark / CLASS_MARK;
    return true;
}

static NOINLINE size_t usable_size_slow(const void *p, const char *function)
{
    if (!p)
        return 0;
    unsigned c = classmap_get(p);
    if (c == CLASS_NONE && aside_is_libcs(p))
        return libc_usable_size((void *)p);
    return size_of(p, c, function);
}

size_t heap_usable_size(const void *p, const char *function)
{
    unsigned c;
    return LIKELY(is_cached_block(p, &c)) ? class_size(c) : usable_size_slow(p, function);
}

/* True if a block of OLD bytes serves SIZE without wasting more than half. */
static bool fits_well(size_t old, size_t size)
{
    return size <= old && size >= old / 2;
}

/* P itself, where it serves SIZE bytes well enough or can be made to; a moved large block; or NULL. */
static void *resize_in_place(void *p, unsigned c, size_t old, size_t size)
{
    if (load_relaxed(&heap_mode) == HEAP_CHECKED)
        return NULL;
    if (c == CLASS_GUARD) /* its end is where it was asked for */
        return size == old ? p : NULL;
    if (fits_well(old, size) && c != CLASS_LARGE)
        return p;
    if (class_is_span(c) && size > old && size <= SPAN_MAX)
        return span_extend(p, size) ? p : NULL;
    if (c == CLASS_STRIP && size > old && size <= SPAN_MAX)
        return strip_extend(p, size) ? p : NULL;
    if (c == CLASS_LARGE && size > SPAN_MAX)
        return large_resize(p, size);
    return NULL;
}

/* The same while allocations are sampled. A sample of a size that has a class stays where a block of that
 * class would, and not where its own, which is larger, would serve: else whoever made it smaller ones would
 * never be rid of them. What stays or shrinks remains the sample that it was; what grows in place is a free
 * and an allocation. What is to be moved is still a sample: its free will tell. */
static void *resize_sampled(void *p, unsigned c, size_t old, size_t size)
{
    struct sample_aside aside = samples_aside(p);
    bool of_class = aside.record && aside.weighed <= MID_MAX;
    void *q;
    if (of_class && c != CLASS_GUARD)
        q = fits_well(aside.weighed, size) ? p : NULL;
    else
        q = resize_in_place(p, c, old, size);
    if (!q) {
        samples_again(&aside, p, aside.size);
    } else if (of_class || size <= old) {
        samples_again(&aside, q, size);
    } else {
        samples_gone(&aside, sampler_thread(thread_cache()));
        sampled_big(q, size);
    }
    return q;
}

/* And what follows from it. Inside the gate. */
static void *resize_here(void *p, unsigned c, size_t old, size_t size)
{
    struct tcache *tc = thread_cache();
    bool sampled = UNLIKELY(samples_on()) && c >= CLASSES && c != CLASS_STARTUP;
    void *q = sampled ? resize_sampled(p, c, old, size) : resize_in_place(p, c, old, size);
    if (q && size > old && tc != TCACHE_NONE)
        tick_settle(tc);
    return q;
}

/* A block that is free is linked, but those that a thread gathered: these are found when they are freed
 * again. */
static ALWAYS_INLINE void refuse_free_block(const void *p, unsigned c, const char *function)
{
    if (UNLIKELY(block_linked(p, block_key)))
        uncached_refuse_free(p, c, function);
}

/* The bytes of P, OLD of them, in a new block of SIZE. NULL if there is no memory, and P stays. */
static ALWAYS_INLINE void *move(void *p, size_t old, size_t size, const char *function)
{
    int saved = errno;
    void *q = heap_malloc(size, function);
    if (UNLIKELY(!q)) {
        if (size > old)
            return NULL;
        errno = saved; /* no memory to shrink into: a success all the same */
        return p;
    }
    memcpy(q, p, min_size(old, size));
    heap_free(p, function);
    return q;
}

/* P is a block of class C, which is cached, and SIZE is not 0: most calls. */
static ALWAYS_INLINE void *realloc_cached(void *p, unsigned c, size_t size, const char *function)
{
    size_t old = class_size(c);
    refuse_free_block(p, c, function);
    return fits_well(old, size) ? p : move(p, old, size, function);
}

void *heap_realloc(void *p, size_t size, const char *function)
{
    if (!p)
        return heap_malloc(size, function);
    unsigned c;
    if (LIKELY(size - 1 < PTRDIFF_MAX) && LIKELY(is_cached_block(p, &c)))
        return realloc_cached(p, c, size, function);
    c = classmap_get(p);
    if (c == CLASS_NONE && aside_is_libcs(p))
        return aside_realloc_libcs(p, size);
    if (size == 0) {
        heap_free(p, function);
        return NULL;
    }
    size_t old = size_of(p, c, function);
    if ((c >= 1 && c < CLASSES) || class_is_binned(c))
        refuse_free_block(p, c, function);
    if (size > PTRDIFF_MAX - SUPERSLAB)
        return failure_record(FAILURE_THRESHOLD, size, MIN_ALIGN, -1);
    void *q = NULL;
    if (LIKELY(gate_enter())) {
        q = resize_here(p, c, old, size);
        gate_leave();
        tick_traces();
    }
    return q ? q : move(p, old, size, function);
}
