/* SPDX-License-Identifier: MIT */
/* memory/mapping.h - the mappings of large blocks, in use and kept. kept.c, moving.c, large.c and the strips
 * share them.
 *
 * A mapping is a range of pages of which this library knows nothing but that it is its own. To the kernel
 * it may be several areas: pages that came from another mapping keep to themselves.
 *
 * Invariants:
 *   a mapping in use begins at a multiple of SUPERSLAB, a kept one anywhere
 *   areas of the kernel's meet inside of a mapping at multiples of SUPERSLAB only, `areas` of them at most
 *   area != 0  =>  areas == 1, and neighbours of the same number are one area: no number is used twice
 *   sum of `areas` <= number of mappings + AREAS_MORE, and what requests under way add
 *   kept: cached_bytes is the sum of their sizes, latest first, CACHED_MOST at most but for a moment
 * Descriptors are recycled and never unmapped. Nobody else includes this file, but for
 * insight/structures.c and the hakmem command, which read kept ones from outside. */
#ifndef HAK_MAPPING_H
#define HAK_MAPPING_H

#include "base/list.h"
#include "base/lock.h"
#include "events/retain.h"
#include "memory/classmap.h"

enum {
    CACHED_MOST = 64,  /* mappings kept: a linear search stays short */
    AREAS_MORE = 4096, /* the kernel allows a process 65,530 by default */
    MOVE_UNIT = SUPERSLAB
};

struct large {
    struct region region;
    /* Of both: the LARGE lock, or the sole owner. Others look, as long as it is parked (large.c): `size` is
     * atomic for them, and what they saw is looked at again by whoever has taken the mapping. */
    char *base;
    _Atomic(size_t) size;
    size_t areas;  /* of the kernel's, at most; LARGE lock or sole owner */
    uint64_t area; /* the number of the one area that it is, or is a part of; 0: of several */
    uint64_t freed_ms;
    struct list link; /* live, cached (latest first) or spare */
};

/* By the LARGE lock, as the descriptors in the lists. */
struct larges {
    struct list live, cached, spare;
    size_t live_bytes, cached_bytes, live_count, cached_count;
    struct retain retain;
    _Atomic(size_t) lent;  /* mappings that are strips (strip.h), in no list; relaxed */
    _Atomic(size_t) areas; /* of all mappings; changed with and without the lock: a sum of its own */
};
HIDDEN extern struct larges larges;

static inline char *mapping_end(const struct large *l)
{
    return l->base + l->size;
}

static inline size_t mapping_units(size_t size)
{
    return (size + MOVE_UNIT - 1) / MOVE_UNIT;
}

/* A descriptor, in no list; NULL without memory. Lock held. */
struct large *mapping_descriptor(void);

/* L lies in AREAS of the kernel's at most, and not in more than it has units. */
void mapping_count_areas(struct large *l, size_t areas);

/* The pages behind FIRST bytes of L become those of REST, a descriptor in no list. */
void mapping_divide(struct large *l, size_t first, struct large *rest);

/* NEXT, which follows L, becomes part of it; both in no list. Lock held. */
void mapping_join(struct large *l, struct large *next);

/* SIZE bytes of new memory, in no list yet. NULL if the system refuses. Called unlocked, as what follows. */
struct large *mapping_new(size_t size, size_t align);

/* Map MORE bytes behind L, in no list. False if somebody is there, or the system refuses. */
bool mapping_extend(struct large *l, size_t more);

/* Unmap what lies behind SIZE bytes of L, in no list. */
void mapping_cut(struct large *l, size_t size);

/* Move units of DONOR, whose contents nobody needs, to [*AT, TO) of L, both in no list. False if L has lost a
 * unit: it ends there. */
bool mapping_take_units(struct large *l, size_t *at, size_t to, struct large *donor);

/* The system took SIZE bytes AT of L away: it ends there. */
void mapping_end_at_hole(struct large *l, size_t at, size_t size);

/* Unmap N mappings, in no list; what the system refuses to take loses its pages at least. Their descriptors
 * become spare. The bytes. */
size_t mapping_drop(struct large **list, unsigned n);

#endif
