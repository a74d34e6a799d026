/* SPDX-License-Identifier: MIT */
/* memory/arena.h - all superslabs, the lists that they stand in, and their growth.
 *
 * Everything here is guarded by the ARENA lock, and every function but arena_grow is called with it
 * held. Nobody but granules.c, hugepages.c, purge.c and arena.c includes this file. */
#ifndef HAK_ARENA_H
#define HAK_ARENA_H

#include "base/lock.h"
#include "events/retain.h"
#include "memory/superslab.h"

enum { ALL_GRANULES = GRANULES /* max_run of a superslab nobody uses */ };

/* By the ARENA lock. */
struct arena {
    struct list bins[ALL_GRANULES + 1]; /* superslabs by max_run */
    uint64_t bin_mask;                  /* bit r: bins[r] is not empty */
    struct list empty[MAP_CLASSES];     /* EMPTY slabs by last class, latest first */
    struct list by_age;                 /* EMPTY slabs, latest first */
    struct list all, spare;             /* superslabs; descriptors without memory, by `all` */
    uint8_t *lowest;                    /* the lowest superslab so far: the next goes below it */
    size_t superslabs_peak;             /* the most there ever were */
    size_t superslabs, empties, actives, span_granules, spans; /* counts */
    size_t granules;                                           /* that are mapped */
    size_t wasted;                                             /* pages of spans that nobody asked for */
    size_t closed;                                             /* superslabs of which more can be opened */
    size_t prewarmed;                                          /* EMPTY slabs kept whatever the budget says */
    uint64_t purge_again_ms;                                   /* no purging before this time */
    struct retain retain;                                      /* of EMPTY slabs */
};
HIDDEN extern struct arena arena;

static inline struct superslab *superslab_of(const struct slab *slab)
{
    return CONTAINER_OF(slab - slab->index, struct superslab, slab[0]);
}

/* Every granule of SS that is open. */
static inline uint32_t open_mask(const struct superslab *ss)
{
    return mask_run(0, ss->opened);
}

/* Can more of SS be opened? Not while a thread does that. */
static inline bool superslab_can_grow(const struct superslab *ss)
{
    return ss->opened < GRANULES && !ss->sealed && !ss->growing;
}

/* At start: its pages are written before they are read, which would take a second page fault each. */
void arena_begin(void);

/* Enter SS among all superslabs, and take it out again. */
void arena_enter(struct superslab *ss);
void arena_remove(struct superslab *ss);

/* Take SS out of its bin, and put it into the one of its longest run. */
void arena_unbin(struct superslab *ss);
void arena_enbin(struct superslab *ss);
void arena_set_free(struct superslab *ss, uint32_t mask);

/* The superslab with the shortest run that holds RUN granules: long runs are kept for spans. */
struct superslab *arena_best_fit(unsigned run);

/* Slab I of SS for a new use. */
struct slab *arena_slab_at(struct superslab *ss, unsigned i);

/* So many EMPTY slabs are kept for prewarming. */
void arena_set_prewarmed(size_t slabs);

/* Enter SLAB among the EMPTY ones, and take it out again. */
void arena_mark_empty(struct superslab *ss, struct slab *slab, uint64_t now_ms);
void arena_unlink_empty(struct slab *slab);

/* Open more of SS, which can grow: all of it where memory is not tight. What has been refused because
 * somebody else is there stays closed. The lock is given up meanwhile. False if the system refuses. */
bool arena_open(struct superslab *ss);

/* Open more of a superslab, or map more of them. Called and returns unlocked; false if the system refuses. */
bool arena_grow(void);

#endif
