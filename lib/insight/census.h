/* SPDX-License-Identifier: MIT */
/* insight/census.h - what a heap holds, added up from its structures.
 *
 * Nothing here looks for a structure, takes a lock, or follows a pointer but that of a cache to what it
 * gathers. Who looks gives each structure once: summary.c and residency.c those of this process, where they
 * lie, under the locks that they need; the hakmem command copies of another process's. What they may hold
 * is bounded: of a structure that was read in the middle of a change, or is damaged, the numbers are wrong,
 * and no memory outside of it is read. */
#ifndef HAK_CENSUS_H
#define HAK_CENSUS_H

#include "events/counters.h"
#include "memory/account.h"
#include "memory/guard.h"
#include "memory/large.h"
#include "memory/strip.h"
#include "cache/shelf.h"
#include "cache/startup.h"
#include "cache/transfer.h"

/* Of one class, in blocks but for `slabs`. */
struct census_class {
    size_t out; /* left the slabs */
    size_t live, cached, free, slabs;
    uint64_t popped; /* handed out by caches so far */
};

struct census {
    struct census_class of[CLASSES];  /* 0 is empty */
    uint64_t misses, shelf_taken;     /* pops that had to go below a cache; spans from shelves and bins */
    size_t shelved, shelved_bytes;    /* spans on shelves and in bins, and their granules */
    size_t binned[BINNED];            /* [n]: the number of those of n + 1 granules */
    struct span_sum span[BINNED + 1]; /* in use or in a bin */
    struct span_sum own[BINNED];      /* in bins, known one by one: of the calling thread */
    struct granule_totals granules;
    struct large_totals large;
    struct strip_totals strip;
    struct guard_totals guard;
    struct startup_totals startup;
    size_t metadata, threads, highest, helpers;
    uint64_t soft_limit;
    uint64_t counter[COUNTERS];
    /* What follows from all that: census_end. */
    struct census_class all;                       /* sums, but `slabs` */
    uint64_t live_bytes, cached_bytes, free_bytes; /* of blocks of classes */
    size_t live_span_bytes, in_bins[BINNED];       /* as they were asked for; spans of others in bins */
    uint64_t popped, taken;                        /* by all caches; spans ever handed out */
};

/* A cache; and one that fork left behind, of which only what it did counts. */
void census_cache(struct census *c, const struct tcache *tc);
void census_past(struct census *c, const struct tcache *tc);

/* Magazines between threads. */
void census_stripe(struct census *c, const struct stripe *stripe);

/* The spans of a superslab, by the class bytes of its granules. */
void census_spans(struct census *c, const struct superslab *ss, const class_byte marks[GRANULES]);

/* Everything was given. */
void census_end(struct census *c);

static inline bool census_used(const struct census_class *of)
{
    return of->live || of->cached || of->free || of->slabs;
}

/* --- Where it lies ---------------------------------------------------------------------------------*/

struct residents {
    struct account account; /* resident bytes */
    struct {
        size_t slabs, carved, resident, live;
    } of[CLASSES];
    size_t state[SLAB_STATES], state_resident[SLAB_STATES]; /* granules, and resident bytes */
    size_t spans, binned[BINNED]; /* their number; resident bytes of those that may lie in a bin */
    size_t damaged;               /* granules that made no sense */
};

/* A superslab, the class bytes of its granules, and the resident bytes of each. Startup of C is known. */
void census_superslab(struct residents *r, const struct census *c, const struct superslab *ss,
                      const class_byte *marks, const size_t resident[GRANULES]);

/* A strip of SIZE bytes whose units in blocks USED tells; THERE[i]: its page i, of PAGE bytes, is resident. A
 * unit is in a block or free, and its pages are known one by one. */
void census_strip(struct residents *r, const unit_map used, size_t size, const uint8_t *there, size_t page);

/* The area of guarded blocks, with BYTES of them in use; RESIDENT bytes of it are there. Pages of none
 * are. */
void census_guards(struct residents *r, size_t bytes, size_t resident);

/* Everything was given, and C has ended: what lies in caches is taken from what was out. */
void census_settle(struct residents *r, const struct census *c);

#endif
