/* SPDX-License-Identifier: MIT */
/* memory/span.c - requests of 32 KiB to 1 MiB: runs of granules.
 *
 * The class byte of a span is the claim on it: whoever gives the span back to its superslab, or puts a long
 * one on the shelf of the thread (shelf.h), swaps it for 0 first, so that of two threads that free the same
 * span one learns that it came second. Spans in a bin keep theirs, as small blocks do. */
#include "memory/span.h"

#include <string.h>

#include "events/counters.h"
#include "events/usage.h"
#include "memory/granules.h"
#include "memory/strip.h"

/* A block of a strip for a request that finds no free run, or NULL. */
static void *from_strip(size_t size, size_t align, bool zero)
{
    if (align > STRIP_ALIGN)
        return NULL;
    void *p = strip_alloc(size, align, zero);
    if (p || !granules_wasteful() || !usage_scarce())
        return p;
    return strip_alloc_new(size, align, zero);
}

void *span_alloc(size_t size, size_t align, bool zero)
{
    uint32_t dirty;
    unsigned run = span_granules(size);
    struct slab *first = granules_take_run(run, size, false, &dirty);
    if (!first) {
        void *p = from_strip(size, align, zero);
        if (p) {
            count(COUNT_SPAN_ALLOCS, 1);
            return p;
        }
        first = granules_take_run(run, size, true, &dirty);
        if (!first)
            return NULL;
    }
    store_relaxed(&first->asked, (uint32_t)size);
    count(COUNT_SPAN_ALLOCS, 1);
    if (dirty & 1) /* the link of a block that once began here: realloc would copy it to a block */
        ((struct block *)first->base)->check = 0;
    for (; zero && dirty; dirty &= dirty - 1) {
        size_t offset = (size_t)__builtin_ctz(dirty) << GRANULE_SHIFT;
        if (offset < size)
            memset(first->base + offset, 0, min_size(GRANULE, size - offset));
    }
    return first->base;
}

size_t span_size(const void *p)
{
    return span_usable(superslab_slab_of(p));
}

bool span_valid(const void *p)
{
    return ((uintptr_t)p & (GRANULE - 1)) == 0 && class_is_span(classmap_get(p));
}

/* The claim comes first: of two threads that free P one gets it, and the descriptor is then that thread's. */
bool span_free(void *p, unsigned c)
{
    if (((uintptr_t)p & (GRANULE - 1)) != 0 || !classmap_claim(p, c))
        return false;
    granules_give_run(superslab_slab_of(p));
    return true;
}

/* `run` is read without the lock: the span is the caller's, and only its owner changes it. What is new behind
 * the end is dirty or not, as realloc promises nothing of it. */
bool span_extend(void *p, size_t size)
{
    struct slab *first = superslab_slab_of(p);
    unsigned run = span_granules(size);
    uint32_t dirty;
    bool fits = run <= first->run || (run <= GRANULES && granules_extend_run(first, run, size, &dirty));
    if (fits)
        store_relaxed(&first->asked, (uint32_t)size);
    return fits;
}
