/* SPDX-License-Identifier: MIT */
/* heap/sampled.c - malloc and free while allocations are sampled. */
#include "heap/sampled.h"

#include "settings/options.h"
#include "events/counters.h"
#include "memory/guard.h"
#include "memory/span.h"
#include "memory/strip.h"
#include "adapt/tick.h"
#include "heap/uncached.h"

struct tcache *sampled_begin(struct tcache *tc)
{
    if (tc && UNLIKELY(sampler_concerns(tc)))
        (void)sampler_obey(tc, "malloc");
    return tc;
}

/* A block of its own for a sample. Where it is to lie at a multiple of more than a strip's blocks do, it is a
 * span. */
static void *serve(size_t size, size_t align)
{
    void *p = NULL;
    if (align <= STRIP_ALIGN) {
        p = strip_alloc(size, align, false);
        p = p ? p : strip_alloc_new(size, align, false);
    }
    count(COUNT_SPAN_ALLOCS, p != NULL);
    return p ? p : span_alloc(size, align, false);
}

/* The same, of samples that are a MEAN of bytes apart, on a page of its own for one in so many bytes: exact
 * as long as a page is little beside the mean, else fewer. NULL: this is not the one, or it cannot be had. */
static void *serve_guarded(struct tcache *tc, size_t size, size_t align)
{
    uint64_t bytes = option(OPT_GUARD_BYTES);
    struct chance *ch = tc->chance;
    if (LIKELY(!bytes) || chance_below(ch, bytes) >= ch->mean)
        return NULL;
    return guard_alloc(size, align, chance_below(ch, 2), sampler_thread(tc));
}

void *sampled_alloc(struct tcache *tc, unsigned c, size_t size, size_t align, const char *function)
{
    if (!sampler_obey(tc, function) || !sampler_hits(tc, c))
        return NULL;
    size = size ? size : 1;
    void *p = serve_guarded(tc, size, align);
    p = p ? p : serve(size, align);
    if (p)
        (void)samples_note(p, size, class_size(c), sampler_thread(tc));
    else
        samples_drop();
    tick_alloc(tc);
    return p;
}

void sampled_big(void *p, size_t size)
{
    struct tcache *tc = thread_cache();
    size = size ? size : 1;
    if (tc != TCACHE_NONE && sampler_obey(tc, "malloc") && sampler_hits_size(tc, size))
        (void)samples_note(p, size, chance_weight(size), sampler_thread(tc));
}

/* What has no class, or begins no block of it, is told by uncached_free as ever. */
bool sampled_free_slow(void *p, unsigned c, const char *function)
{
    struct tcache *tc = thread_cache();
    if (tc == TCACHE_NONE || !sampler_obey(tc, function) || c == CLASS_NONE)
        return false;
    if (c < CLASSES && window_holds(p) && class_begins_block(p, c))
        sampler_push_slow(tc, c, p, function);
    else
        uncached_free(p, c, function);
    tick(tc);
    return true;
}
