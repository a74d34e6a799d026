/* SPDX-License-Identifier: MIT */
/* shelf.h - the spans that a thread freed last, one of each length (floor F6).
 *
 * What is kept is earned: nothing at first, then as much as was given up and wanted again soon after, up
 * to a megabyte, until nothing was taken for the purge delay. A program that allocates and frees spans in
 * turn takes no lock and touches no shared line. Owned by the thread, as all of its cache. A span on the
 * shelf has class byte 0, and is counted as a span in use by the superslab floor. Its last free claimed it
 * (span.c), so it is the shelf's alone until shelf_take gives it the class byte back. */
#ifndef HAK_SHELF_H
#define HAK_SHELF_H

#include "span.h"
#include "superslab.h"
#include "tcache.h"

/* A span for SIZE bytes, MID_MAX < SIZE <= SPAN_MAX, or NULL. Not zeroed. */
static ALWAYS_INLINE void *shelf_take(struct tcache *tc, size_t size)
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

/* The span of RUN granules that begins with FIRST is now the one freed last: there was none, and there is
 * room. */
static ALWAYS_INLINE void shelf_put(struct tcache *tc, struct slab *first, unsigned run)
{
    tc->shelf.latest = first;
    tc->shelf.last_run = run;
    tc->shelf.granules += run;
}

static ALWAYS_INLINE bool shelf_has_room(const struct tcache *tc, unsigned run)
{
    return tc->shelf.last_run == 0 && tc->shelf.granules + run <= tc->shelf.allowed;
}

/* P, which lies in the window of the class map, is nobody else's to free any more. False if it is no
 * span in use: another thread was faster. */
static ALWAYS_INLINE bool shelf_claim(struct tcache *tc, const void *p)
{
    return LIKELY(((uintptr_t)p & (GRANULE - 1)) == 0) && LIKELY(mark_claim(tcache_mark(tc, p), CLASS_SPAN));
}

/* The first slab of P, which was claimed. */
static ALWAYS_INLINE struct slab *shelf_slab(const void *p)
{
    struct superslab *ss = (struct superslab *)load_acquire(window_region(p));
    return &ss->slab[(uintptr_t)p >> GRANULE_SHIFT & (GRANULES - 1)];
}

/* Keep the span that begins with FIRST if so much may be kept, and make room for it; else it goes back to its
 * superslab. */
void shelf_put_slow(struct tcache *tc, struct slab *first, unsigned run);

/* A span of SIZE bytes was wanted and not there: if such was given up lately, more is kept. */
void shelf_missed(struct tcache *tc, size_t size);

/* Return all of it to the superslabs; or only if nothing was put there for the policy's delay. */
void shelf_flush(struct tcache *tc);
void shelf_decay(struct tcache *tc, uint64_t now_ms);

#endif
