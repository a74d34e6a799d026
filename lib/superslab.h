/* SPDX-License-Identifier: MIT */
/* superslab.h - regions of 2 MiB, the source of all slabs and spans (floor F4).
 *
 * A superslab is 32 granules of memory, or the first few of them, and, elsewhere, one descriptor. Everything
 * in this file is guarded by the ARENA lock but for what slab.h says of ACTIVE slabs. Invariants: free_mask
 * bit i  <=>  slab[i] is UNUSED or EMPTY dirty_mask bit i  =>  slab[i] is not UNUSED; an EMPTY slab is dirty
 *   slab[i] is CLOSED  <=>  i >= opened
 *   max_run = longest run of free_mask; the superslab is linked in bins[max_run]
 *   an EMPTY slab is linked in empty[its last class] and in the list by age; no other is
 * Descriptors are recycled and never unmapped. A superslab is unmapped only when all its granules
 * are free: then no block of it is in use or in any cache, and nothing can point into it. */
#ifndef HAK_SUPERSLAB_H
#define HAK_SUPERSLAB_H

#include "classmap.h"
#include "lock.h"
#include "slab.h"

struct superslab {
    struct region region;
    uint32_t free_mask, dirty_mask;
    uint8_t max_run;
    uint8_t opened;     /* granules that are mapped; what lies behind them may be somebody else's */
    uint8_t pinned;     /* threads that work on it unlocked: not to be unmapped */
    bool growing;       /* a thread maps more of it, unlocked */
    bool sealed;        /* somebody else has what is closed: it stays closed */
    _Atomic(bool) huge; /* the system was asked for huge pages; any thread, see superslab_plain_pages */
    uint8_t *base;
    struct list bin;
    struct list all; /* every superslab, mapped ones only */
    struct slab slab[GRANULES];
};

/* Map the first superslab, so that the class map is placed before the first thread cache is made.
 * Refused: done when the first block is needed. */
void superslab_begin(void);

/* A slab for SIZE_CLASS, started, of state ACTIVE and in no list. The stages, each counted: EMPTY
 * of the same class, EMPTY of any class, UNUSED, new superslab. NULL if the system refuses. */
struct slab *superslab_take_slab(unsigned size_class);

/* Slabs whose last block came back, linked by `link` in LIST: reusable by every class at once.
 * What exceeds the policy's budget is purged before the call returns. */
void superslab_give_slabs(struct list *slabs);

/* COUNT granules in a row as a span, 1..16. *DIRTY gets a bit for each granule that may not be
 * zero. NULL if the system refuses. */
struct slab *superslab_take_run(unsigned run, uint32_t *dirty);
/* Let a span grow in place to RUN granules; false if what follows is in use. */
bool superslab_extend_run(struct slab *first, unsigned run, uint32_t *dirty);
void superslab_give_run(struct slab *first);

/* The slab that holds ADDRESS, whose class byte must not be 0 or CLASS_LARGE. */
static inline struct slab *superslab_slab_of(const void *address)
{
    struct superslab *ss = (struct superslab *)classmap_region(address);
    return &ss->slab[(uintptr_t)address >> GRANULE_SHIFT & (GRANULES - 1)];
}

/* True if P, whose class byte is 0, began a block or span before its slab was given back. */
bool superslab_was_block(const void *p);

/* Make SLABS slabs for SIZE_CLASS resident, EMPTY and kept until they are used. How many could be. */
size_t superslab_prewarm(unsigned size_class, size_t slabs);

/* Ask for huge pages in some superslabs that are in use as a whole. */
void superslab_promote(void);
/* Take that back for the superslab of SLAB, before a part of it is purged: a huge page cannot lose one. */
void superslab_plain_pages(const struct slab *slab);

/* The class of the block that P lies in, found without the class bytes; CLASS_NONE where there is none. */
unsigned superslab_class_of(const void *p);

/* Give back all EMPTY slabs but KEEP bytes, and superslabs wholly free. Returns the bytes. */
size_t superslab_trim(size_t keep);
/* What of the EMPTY slabs may add to a peak: any thread, a hint. */
size_t superslab_tolerated(void);
/* Give back EMPTY slabs that have waited longer than the policy's delay. */
void superslab_decay(uint64_t now_ms);

struct superslab_totals {
    size_t mapped; /* bytes of superslabs */
    size_t empty;  /* bytes of EMPTY slabs */
    size_t active; /* bytes of ACTIVE slabs */
    size_t span;   /* bytes of spans */
    size_t spans;  /* their number */
    size_t superslabs;
    size_t superslabs_peak;
};
void superslab_totals(struct superslab_totals *out);

/* Spans whose class byte says that they are in use or in a bin, and their bytes, as they were asked for: [n]
 * those of n + 1 granules, [BINNED] the longer ones. No lock: a moment's picture. */
struct span_sum {
    size_t count, bytes;
};
void superslab_span_sums(struct span_sum sums[BINNED + 1]);

/* Usable size of the span that begins at P; 0 if it is none, or lies in a bin. */
size_t superslab_live_span(const void *p);

/* Check every superslab; FAULT is called for each broken invariant. */
void superslab_check(void (*fault)(const char *what, const void *where));

/* Call EACH for every superslab, the ARENA lock held. */
void superslab_each(void (*each)(struct superslab *ss, void *arg), void *arg);

void superslab_lock(void);
void superslab_unlock(void);
void superslab_each_lock(lock_visitor *visit);

#endif
