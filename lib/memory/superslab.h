/* SPDX-License-Identifier: MIT */
/* memory/superslab.h - regions of 2 MiB, the source of all slabs and spans.
 *
 * A superslab is 32 granules of memory, or the first few of them, and, elsewhere, one descriptor. Everything
 * in this file is guarded by the ARENA lock but for what slab.h says of ACTIVE slabs. Invariants:
 *   free_mask bit i  <=>  slab[i] is UNUSED or EMPTY
 *   dirty_mask bit i  <=>  slab[i] is not UNUSED: its pages may hold something, or are not there
 *   slab[i] is CLOSED  <=>  i >= opened
 *   max_run = longest run of free_mask; the superslab is linked in bins[max_run]
 *   an EMPTY slab is linked in empty[its last class] and in the list by age; no other is
 * Descriptors are recycled and never unmapped. A superslab is unmapped only when all its granules
 * are free: then no block of it is in use or in any cache, and nothing can point into it. */
#ifndef HAK_SUPERSLAB_H
#define HAK_SUPERSLAB_H

#include "memory/classmap.h"
#include "memory/slab.h"

struct superslab {
    struct region region;
    uint32_t free_mask, dirty_mask;
    uint8_t max_run;
    uint8_t opened;     /* granules that are mapped; what lies behind them may be somebody else's */
    uint8_t pinned;     /* threads that work on it unlocked: not to be unmapped */
    bool growing;       /* a thread maps more of it, unlocked */
    bool sealed;        /* somebody else has what is closed: it stays closed */
    _Atomic(bool) huge; /* the system was asked for huge pages; any thread, see huge_plain_pages */
    uint8_t *base;
    struct list bin;
    struct list all; /* every superslab, mapped ones only */
    struct slab slab[GRANULES];
};

/* The slab that holds ADDRESS, whose class byte must not be 0 or CLASS_LARGE. */
static inline struct slab *superslab_slab_of(const void *address)
{
    struct superslab *ss = (struct superslab *)classmap_region(address);
    return &ss->slab[(uintptr_t)address >> GRANULE_SHIFT & (GRANULES - 1)];
}

#endif
