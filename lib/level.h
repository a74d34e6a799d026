/* SPDX-License-Identifier: MIT */
/* level.h - how much memory is in use, how much is kept for reuse, and how much lately was (floor F2).
 *
 * Memory kept must not make the process larger than it has been: what is kept and in use together
 * stays below the highest use of the last seconds, but for a margin. So a program that frees and
 * allocates the same again finds its pages, and one that grows does not pay for its past.
 *
 * Bytes of whole granules and mappings, not of blocks. Atomics, relaxed: hints of the moment that
 * nothing is ordered by; whoever changes them holds the lock of the floor that owns the memory. */
#ifndef HAK_LEVEL_H
#define HAK_LEVEL_H

#include "atomic.h"

enum level {
    LEVEL_IN_USE,     /* ACTIVE slabs, spans and live large mappings */
    LEVEL_KEPT_SLABS, /* EMPTY slabs */
    LEVEL_PREWARMED,  /* the part of the EMPTY slabs that is kept whatever the peak */
    LEVEL_KEPT_LARGE, /* cached large mappings */
    LEVEL_MAPPED,     /* superslabs and large mappings, whatever is in them */
    LEVELS
};

void level_add(enum level level, size_t bytes);
void level_sub(enum level level, size_t bytes);

size_t level_of(enum level level);

/* Before BYTES are mapped: counts them, unless the limit of the policy forbids them. Not obtained after
 * all, or unmapped again: level_unmapped. */
bool level_may_map(size_t bytes);
void level_unmapped(size_t bytes);

/* The most that was in use lately. */
size_t level_peak(void);

/* The most that was ever in use. */
size_t level_highest(void);

/* Bytes that could come into use without a new peak. */
size_t level_headroom(void);

/* Bytes kept that make the process larger than its peak. */
size_t level_excess(void);

/* Called a few times a second: forget old peaks. */
void level_tick(uint64_t now_ms);

#endif
