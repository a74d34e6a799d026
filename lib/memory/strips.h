/* SPDX-License-Identifier: MIT */
/* memory/strips.h - all strips and the lists that they stand in. The STRIPS lock guards everything here. */
#ifndef HAK_STRIPS_H
#define HAK_STRIPS_H

#include "base/list.h"
#include "base/lock.h"
#include "events/retain.h"
#include "memory/mapping.h"

enum {
    STRIP_UNIT = 2048,
    STRIP_UNITS = SUPERSLAB / STRIP_UNIT,
    STRIP_ALIGN = 4096, /* greater alignments want whole granules */
    STRIPS_MOST = 4096  /* each is an area of the kernel's, of the 65,530 that it allows a process */
};

enum { STRIP_WORDS = STRIP_UNITS / 64, GRANULE_UNITS = GRANULE / STRIP_UNIT };
typedef uint64_t unit_map[STRIP_WORDS];

/* Invariants:
 *   a block begins at a bit of start, and ends at the next one or at the first unit that is not used
 *   start is a part of used, used of dirty; used and freed have nothing in common
 *   used_units = bits of used, blocks = bits of start, longest = the longest run of units not used
 *   idle = bits of dirty in pages of which no unit is used: the rest of a page belongs to the block beside it
 *   linked in bin[longest] <=> not purging, linked by age <=> idle != 0 and not purging
 * Descriptors are recycled and never unmapped. */
struct strip {
    struct region region;
    struct list link; /* of a bin, or of the spare ones */
    struct list age;
    struct large *mapping;
    uint8_t *base;
    uint16_t units, used_units, blocks, longest;
    uint16_t idle;
    bool purging; /* a thread gives free pages of it back, unlocked */
    uint64_t freed_ms;
    unit_map used;  /* in a block */
    unit_map start; /* the first of a block */
    unit_map freed; /* the first of a block that was freed, and in none since */
    unit_map dirty; /* may not be zero */
};

/* The STRIPS lock guards all of this, and every strip. */
struct strips {
    struct list bin[STRIP_UNITS + 1]; /* strips by their longest run of free units */
    uint64_t bins[STRIP_WORDS + 1];   /* bit r: bin[r] is not empty */
    struct list age;                  /* strips with idle units, the one freed into last first */
    struct list spare;                /* descriptors without memory */
    _Atomic(size_t) count;            /* read without the lock: a hint */
    size_t blocks;
    size_t units, used, idle; /* of all */
    uint64_t purge_again_ms;  /* no purging before this time */
    struct retain retain;     /* of free pages */
};
HIDDEN extern struct strips strips;

/* The first bit of MAP, or with INVERT the first 0, from FROM on; END if there is none in front of it. */
unsigned unit_next(const uint64_t *map, unsigned from, unsigned end, bool invert);
void unit_set(uint64_t *map, unsigned from, unsigned n);
void unit_clear(uint64_t *map, unsigned from, unsigned n);
unsigned unit_count(const uint64_t *map, unsigned from, unsigned n);
static inline bool unit_bit(const uint64_t *map, unsigned i)
{
    return map[i / 64] >> (i % 64) & 1;
}

static inline unsigned greater(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* The longest run of free units of S is N: it moves to its bin, if it may be in one. Lock held, as for all
 * that follows. */
void strip_unbin(struct strip *s);
void strip_rebin(struct strip *s, unsigned n);

/* S has IDLE units now. */
void strip_set_idle(struct strip *s, unsigned idle);

/* [FROM, FROM + N) of S are free. Dirty units in the pages that these lie in, where no unit is used. */
unsigned strip_idle_around(const struct strip *s, unsigned from, unsigned n);

/* S, not purging, was freed into at its freed_ms: it goes where that belongs in the order of age, sought from
 * the latest one on if RECENT, else from the oldest. */
void strip_age(struct strip *s, bool recent);

/* The unit behind the block of S that begins at unit I. */
unsigned strip_end_of(const struct strip *s, unsigned i);

/* *AT: the first N free units of S from a multiple of ALIGN on, or its end. The longest run of free units
 * that are left when those are taken. */
unsigned strip_look(const struct strip *s, unsigned n, unsigned align, unsigned *at);

/* The longest run of free units of S. */
unsigned strip_longest(const struct strip *s);

/* A mapping for a strip that is to hold blocks of N units, as many as the system allows; *DIRTY: its pages
 * are not zero. NULL if it refuses, or there are too many strips. Called unlocked. */
struct large *strip_map(unsigned n, bool *dirty);

/* Make a strip of L. NULL without memory for its descriptor, or if there are too many. */
struct strip *strip_enter(struct large *l, bool dirty);

/* S is empty: the opposite. Its mapping, to be kept or dropped after the unlock. */
struct large *strip_leave(struct strip *s);

#endif
