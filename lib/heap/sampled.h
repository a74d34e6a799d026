/* SPDX-License-Identifier: MIT */
/* heap/sampled.h - malloc and free while allocations are sampled.
 *
 * A sample of a size that has a class is served as a block of a strip (strip.h), in whole units of 2 KiB:
 * so its free takes the slow path, which finds its record, and no other block pays for that. Spans and
 * large blocks are what they always are; each of their frees looks whether there is a record. Whether a
 * request is a sample, cache/sampler.h knows; what is noted of it, events/samples.h. */
#ifndef HAK_SAMPLED_H
#define HAK_SAMPLED_H

#include "cache/sampler.h"
#include "cache/thread.h"
#include "adapt/sampling.h"

/* TC, which the calling thread was given just now, or NULL: the same. */
struct tcache *sampled_begin(struct tcache *tc);

/* TC misses a block of class C for SIZE bytes at a multiple of ALIGN: a sample, if this is one; else NULL.
 * Inside the gate. */
void *sampled_alloc(struct tcache *tc, unsigned c, size_t size, size_t align, const char *function);

/* P is a new block of SIZE bytes that has no class, or one that was resized: note it if it is a sample. */
void sampled_big(void *p, size_t size);

/* free in a cut cache, where that needs no gate; false: it does, or the cache is not cut. */
static ALWAYS_INLINE bool sampled_push(void *p)
{
    struct tcache *tc = thread_cache();
    return UNLIKELY(tcache_is_cut(tc)) && load_relaxed(&tc->epoch) == load_relaxed(&samples.epoch) &&
           sampler_push(tc, p);
}

bool sampled_free_slow(void *p, unsigned c, const char *function);

/* The same inside the gate, for P of class C; false: the cache is not cut. */
static ALWAYS_INLINE bool sampled_free(void *p, unsigned c, const char *function)
{
    if (UNLIKELY(load_relaxed(&sample_request.wanted)))
        sampling_serve();
    return UNLIKELY(sampler_concerns(thread_cache())) && sampled_free_slow(p, c, function);
}

#endif
