/* SPDX-License-Identifier: MIT */
/* heap/uncached.c - allocation without a thread cache, and the one pointer validator. */
#include "heap/uncached.h"

#include <string.h>

#include "events/counters.h"
#include "events/usage.h"
#include "memory/granules.h"
#include "memory/guard.h"
#include "memory/guardreport.h"
#include "memory/large.h"
#include "memory/pool.h"
#include "memory/strip.h"
#include "cache/sampler.h"
#include "cache/shelf.h"
#include "cache/startup.h"
#include "cache/transfer.h"

unsigned uncached_class(size_t size, size_t align)
{
    if (size > MID_MAX || align > MID_MAX)
        return CLASS_NONE;
    unsigned c = class_of(size ? round_up(size, align) : align); /* MID_MAX is a multiple of ALIGN */
    while (c < CLASSES && (class_size(c) & (align - 1)) != 0)
        c++; /* ends: every power of two up to MID_MAX is a class */
    return c < CLASSES ? c : CLASS_NONE;
}

void *uncached_alloc(size_t size, size_t align, bool zero)
{
    unsigned c = uncached_class(size, align);
    if (c != CLASS_NONE) {
        struct block *b = pool_refill(c, 1, NULL).head;
        if (b == BLOCK_END)
            return NULL;
        count(COUNT_UNCACHED_ALLOCS, 1);
        b->check = 0;
        return zero ? memset(b, 0, size) : b;
    }
    if (size <= SPAN_MAX && align <= GRANULE)
        return span_alloc(size, align, zero);
    void *p = large_alloc(size, align, zero);
    count(COUNT_LARGE_ALLOCS, p != NULL);
    return p;
}

/* True if P, which looks free, is: its link is sound, which a program that does not know the key cannot make
 * up, but may have copied. A block in the magazine of another thread cannot be found, as nobody else may look
 * into that. */
static bool is_free(const void *p, unsigned c)
{
    const struct tcache *tc = thread_cache(); /* none in checked mode */
    if (class_is_binned(c))
        return tcache_chain_holds(tc->bin[c].head, p);
    if ((tc != TCACHE_NONE && tcache_holds(tc, c, p)) || pool_inspect(c, p) == SLAB_IS_FREE)
        return true;
    /* Whoever takes a magazine owns it: look, and put it back. */
    struct magazine seen[64];
    unsigned n = 0;
    bool found = false;
    while (n < 64 && (seen[n] = transfer_remove(c)).count) {
        found = found || tcache_chain_holds(seen[n].head, p);
        n++;
    }
    while (n-- > 0)
        if (!transfer_put(0, c, seen[n]))
            pool_drain(c, seen[n], "free");
    return found;
}

void uncached_refuse_free(const void *p, unsigned c, const char *function)
{
    if (!gate_enter())
        return;
    bool found = is_free(p, c);
    gate_leave();
    if (found)
        fault_report(FAULT_DOUBLE_FREE, function, p);
}

/* No byte of the program's is read: P may point anywhere. */
void uncached_report(const void *p, const char *function)
{
    guardreport_block(p);
    if (granules_was_block(p) || large_was_block(p) || startup_was_block(p) || strip_was_block(p) ||
        guard_was_block(p))
        fault_report(FAULT_DOUBLE_FREE, function, p);
    fault_report(FAULT_INVALID_POINTER, function, p);
}

void uncached_free(void *p, unsigned c, const char *function)
{
    if (UNLIKELY(samples_on()) && c >= CLASSES)
        samples_forget(p, sampler_thread(thread_cache()));
    if (class_is_span(c) && span_free(p, c)) {
        return;
    } else if (c == CLASS_LARGE && large_free(p)) {
        return;
    } else if (c == CLASS_STRIP && strip_free(p)) {
        return;
    } else if (c == CLASS_GUARD && guard_free(p, sampler_thread(thread_cache()), function)) {
        return;
    } else if (c == CLASS_STARTUP) {
        startup_free(p, function);
    } else if (c >= 1 && c < CLASSES && class_begins_block(p, c)) {
        struct block *b = p;
        if (block_linked(b, block_key) && is_free(p, c))
            fault_report(FAULT_DOUBLE_FREE, function, p);
        block_link(b, BLOCK_END, block_key);
        pool_drain(c, (struct magazine){b, 1}, function);
    } else {
        uncached_report(p, function);
    }
}

/* Of a free block, too: who must know asks the slab (pool_inspect), which takes a lock. */
bool uncached_find_size(const void *p, unsigned c, size_t *size)
{
    if (c >= 1 && c < CLASSES && class_begins_block(p, c)) {
        *size = class_size(c);
        return true;
    }
    if (class_is_span(c) && span_valid(p)) {
        *size = span_size(p);
        return true;
    }
    if (c == CLASS_STARTUP)
        return (*size = startup_size(p)) != 0;
    if (c == CLASS_STRIP)
        return (*size = strip_size(p)) != 0;
    if (c == CLASS_GUARD)
        return (*size = guard_size(p)) != 0;
    return c == CLASS_LARGE && large_find(p, size);
}

size_t uncached_size(const void *p, unsigned c, const char *function)
{
    size_t size;
    if (!uncached_find_size(p, c, &size))
        uncached_report(p, function);
    return size;
}

/* More than there is, rather than less: to be wrong costs a flush, and the other way an allocation. */
size_t uncached_flushable(void)
{
    const struct tcache *tc = thread_cache();
    size_t kept = usage_of(USAGE_KEPT_SLABS) + usage_of(USAGE_KEPT_LARGE) + large_parked(), blocks = 0;
    kept += shelf_bytes(tc);
    blocks += thread_idle_bytes() / MIN_ALIGN;
    for (unsigned c = 1; c < CLASSES; c++)
        blocks += (tc == TCACHE_NONE ? 0 : tcache_blocks(tc, c)) + transfer_blocks(c);
    /* Each may be the last one of its slab. */
    return kept + min_size(blocks << GRANULE_SHIFT, usage_of(USAGE_IN_USE));
}
