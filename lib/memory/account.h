/* SPDX-License-Identifier: MIT */
/* memory/account.h - to whom the resident bytes of a slab belong.
 *
 * Pure functions, shared by the statistics of the process (summary.c) and by the hakmem command, which
 * looks at a process from outside. */
#ifndef HAK_ACCOUNT_H
#define HAK_ACCOUNT_H

#include "base/bits.h"

/* Resident bytes, each counted once. `out` is with the program or in caches: how much of it lies in
 * caches is known for a class only, and moved to `cached` by account_cached. */
struct account {
    size_t live;          /* blocks, spans and large mappings in use */
    size_t cached;        /* free blocks in thread caches and transfer slots, spans on shelves */
    size_t free_in_slabs; /* free blocks in partial slabs */
    size_t retained;      /* EMPTY slabs and cached large mappings */
    size_t metadata;      /* descriptors, tables, thread caches */
    size_t fragmentation; /* resident, and no block: the ends of slabs and of pages */
};

/* A slab of blocks of SIZE bytes, USED of them out, CARVED ever handed out, RESIDENT bytes of it. */
static inline void account_slab(struct account *a, size_t size, size_t used, size_t carved, size_t resident)
{
    size_t live = min_size(used * size, resident);
    size_t idle = min_size((carved - min_size(used, carved)) * size, resident - live);
    a->live += live;
    a->free_in_slabs += idle;
    a->fragmentation += resident - live - idle;
}

/* CACHED bytes of what was counted as live lie in caches. */
static inline void account_cached(struct account *a, size_t cached)
{
    size_t moved = min_size(cached, a->live);
    a->live -= moved;
    a->cached += moved;
}

static inline size_t account_sum(const struct account *a)
{
    return a->live + a->cached + a->free_in_slabs + a->retained + a->metadata + a->fragmentation;
}

#endif
