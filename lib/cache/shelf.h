/* SPDX-License-Identifier: MIT */
/* cache/shelf.h - the spans that a thread freed last.
 *
 * Spans of BINNED granules at most lie in bins of the thread's cache, one for each number of granules: malloc
 * pops, free checks and pushes, as with small blocks. Their class byte stays what it is, so that what free
 * finds out at once, and what later, is the same as for small blocks; their bytes are looked up only to note
 * how many were asked for. There is room in a bin for the spans that its thread has earned.
 *
 * Of the longer ones the last is kept, and an earlier one of each length. Their last free claimed them
 * (span.c), so that such a span is the shelf's alone until shelf_take gives it the class byte back.
 *
 * What is kept is earned (retain.h): nothing at first, then as much as was given up and wanted again soon,
 * until nothing was taken for the purge delay. A program that allocates and frees spans in turn takes no lock
 * and touches no line that others write. Owned by the thread, as all of its cache. To granules.c what lies
 * here are spans in use. Invariants:
 *   sum of what the bins and the long spans have earned <= SHELF_BYTES, a megabyte
 *   the long spans have not more than they earned, but for one span
 *   capacity of a bin = what it earned, but while fork has the gate closed (tcache_push_longer) */
#ifndef HAK_SHELF_H
#define HAK_SHELF_H

#include "memory/granules.h"
#include "memory/span.h"
#include "cache/tcache.h"

/* The first slab of the span P, which lies in the window of the class map. */
static ALWAYS_INLINE struct slab *shelf_slab(const void *p)
{
    struct superslab *ss = (struct superslab *)load_acquire(window_region(p));
    return &ss->slab[(uintptr_t)p >> GRANULE_SHIFT & (GRANULES - 1)];
}

static ALWAYS_INLINE void *shelf_take_long(struct tcache *tc, size_t size)
{
    unsigned run = span_granules(size);
    struct slab *first = tc->shelf.latest;
    if (LIKELY(tc->shelf.last_run == run)) {
        tc->shelf.last_run = 0;
    } else {
        first = tc->shelf.slab[run - 1];
        if (!first)
            return NULL;
        tc->shelf.slab[run - 1] = NULL;
    }
    tc->shelf.granules -= run;
    tc->shelf.taken++;
    store_relaxed(&first->asked, (uint32_t)size);
    store_relaxed(tcache_mark(tc, first->base), CLASS_SPAN * CLASS_MARK);
    return first->base;
}

/* A span for SIZE bytes, MID_MAX < SIZE <= SPAN_MAX, or NULL. Not zeroed. */
static ALWAYS_INLINE void *shelf_take(struct tcache *tc, size_t size)
{
    if (UNLIKELY(size > BINNED_MAX))
        return shelf_take_long(tc, size);
    void *p = tcache_pop(tc, CLASS_BINNED + ((size - 1) >> GRANULE_SHIFT));
    if (LIKELY(p != NULL))
        store_relaxed(&shelf_slab(p)->asked, (uint32_t)size);
    return p;
}

/* The long span of RUN granules that begins with FIRST is now the one freed last: there was none, and there
 * is room. */
static ALWAYS_INLINE void shelf_put(struct tcache *tc, struct slab *first, unsigned run)
{
    tc->shelf.latest = first;
    tc->shelf.last_run = run;
    tc->shelf.granules += run;
}

static ALWAYS_INLINE bool shelf_has_room(const struct tcache *tc, unsigned run)
{
    return tc->shelf.last_run == 0 &&
           ((size_t)tc->shelf.granules + run) << GRANULE_SHIFT <= retain_earned(&tc->shelf.retain);
}

/* P, which lies in the window of the class map, is nobody else's to free any more. False if it is no
 * long span in use: another thread was faster. */
static ALWAYS_INLINE bool shelf_claim(struct tcache *tc, const void *p)
{
    return LIKELY(((uintptr_t)p & (GRANULE - 1)) == 0) && LIKELY(mark_claim(tcache_mark(tc, p), CLASS_SPAN));
}

/* Keep the span that begins with FIRST if so much may be kept, and make room for it; else it goes back to its
 * superslab. */
void shelf_put_slow(struct tcache *tc, struct slab *first, unsigned run);

/* The same for a span P of class C, whose bin is full; its fill was counted already. */
void shelf_push_slow(struct tcache *tc, unsigned c, void *p, const char *function);

/* The same while nothing can be given back: the bin becomes longer. False if it is long enough. */
bool shelf_push_longer(struct tcache *tc, unsigned c, void *p);

/* The same as shelf_take. If there is none, and such was given up lately, more is kept from now on. */
void *shelf_find(struct tcache *tc, size_t size, const char *function);

/* Return all of it to the superslabs; or only what nobody took for the policy's delay. */
void shelf_flush(struct tcache *tc, const char *function);
void shelf_decay(struct tcache *tc, uint64_t now_ms, const char *function);

/* Abort if a bin of the calling thread is damaged, or holds a span twice or one that is not its. */
void shelf_verify(const struct tcache *tc, const char *function);

/* What lies there, of those that have bins: by number and bytes asked for, [n] those of n + 1 granules. Only
 * of the calling thread's. */
void shelf_sums(const struct tcache *tc, struct span_sum sums[BINNED]);

/* Bytes of granules that lie there, and spans ever taken from there; any thread. */
static inline NO_TSAN size_t shelf_bytes(const struct tcache *tc)
{
    size_t granules = tc->shelf.granules;
    for (unsigned i = 0; i < BINNED && tc->shelf.binned; i++)
        granules += tcache_listed(tc, CLASS_BINNED + i) * (i + 1);
    return granules << GRANULE_SHIFT;
}

static inline NO_TSAN size_t shelf_spans(const struct tcache *tc)
{
    size_t spans = tc->shelf.last_run != 0;
    for (unsigned i = 0; i < SPAN_GRANULES; i++)
        spans += tc->shelf.slab[i] != NULL;
    for (unsigned i = 0; i < BINNED; i++)
        spans += tcache_listed(tc, CLASS_BINNED + i);
    return spans;
}

static inline NO_TSAN uint64_t shelf_taken(const struct tcache *tc)
{
    uint64_t taken = tc->shelf.taken + tc->shelf.popped;
    for (unsigned i = 0; i < BINNED; i++)
        taken += FILL_POPPED(tc->bin[CLASS_BINNED + i].fill);
    return taken;
}

#endif
