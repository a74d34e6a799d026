/* SPDX-License-Identifier: MIT */
/* memory/granules.h - slabs and spans out of superslabs, and back. Any thread; no lock held. */
#ifndef HAK_GRANULES_H
#define HAK_GRANULES_H

#include "memory/superslab.h"

/* Map the first superslab, so that the class map is placed before the first thread cache is made.
 * Refused: done when the first block is needed. */
void granules_begin(void);

/* A slab for SIZE_CLASS, started, of state ACTIVE and in no list, by the first of these stages that has one,
 * each counted:
 *   EMPTY of the same class    its pages are there, and cut as they should be
 *   EMPTY of any class         its pages are there
 *   UNUSED                     its pages come with their first use
 *   new                        more of a superslab, or another one
 * NULL if the system refuses. */
struct slab *granules_take_slab(unsigned size_class);

/* Slabs whose last block came back, linked by `link` in LIST: reusable by every class at once.
 * What exceeds the policy's budget is purged before the call returns. */
void granules_give_slabs(struct list *slabs);

/* RUN granules in a row, 1 to SPAN_GRANULES, as a span for SIZE bytes. *DIRTY gets a bit for each granule
 * that may not be zero. NULL if there are none, and GROW is not set or the system refuses. */
struct slab *granules_take_run(unsigned run, size_t size, bool grow, uint32_t *dirty);
/* Let a span grow in place to RUN granules for SIZE bytes; false if what follows is in use. */
bool granules_extend_run(struct slab *first, unsigned run, size_t size, uint32_t *dirty);
/* Of the granules that are spans or free, is much address space of no use: the ends of spans behind what was
 * asked for, and what is free but does not serve a request that was refused? */
bool granules_wasteful(void);
void granules_give_run(struct slab *first);

/* True if SLAB is ACTIVE, of SIZE_CLASS, and its memory is at BASE. */
bool granules_serve(const struct slab *slab, const uint8_t *base, unsigned size_class);

/* True if P, whose class byte is 0, began a block or span before its slab was given back. */
bool granules_was_block(const void *p);

/* Make SLABS slabs for SIZE_CLASS resident, EMPTY and kept until they are used. How many could be. */
size_t granules_prewarm(unsigned size_class, size_t slabs);

/* The class of the block that P lies in, found without the class bytes; CLASS_NONE where there is none. */
unsigned granules_class_of(const void *p);

struct granule_totals {
    size_t mapped; /* bytes of superslabs */
    size_t empty;  /* bytes of EMPTY slabs */
    size_t active; /* bytes of ACTIVE slabs */
    size_t span;   /* bytes of spans */
    size_t spans;  /* their number */
    size_t superslabs;
    size_t superslabs_peak;
};
void granules_totals(struct granule_totals *out);

/* Spans whose class byte says that they are in use or in a bin, and their bytes, as they were asked for: [n]
 * those of n + 1 granules, [BINNED] the longer ones. */
struct span_sum {
    size_t count, bytes;
};

/* Usable size of the span that begins at P; 0 if it is none, or lies in a bin. */
size_t granules_live_span(const void *p);

/* Check every superslab; FAULT is called for each broken invariant. */
void granules_check(void (*fault)(const char *what, const void *where));

/* Call EACH for every superslab, the ARENA lock held. */
void granules_each(void (*each)(struct superslab *ss, void *arg), void *arg);

#endif
