/* SPDX-License-Identifier: MIT */
/* events/usage.h - how much memory is in use, how much is kept for reuse, and how much lately was.
 *
 * Memory kept must not make the process larger than it has been: what is kept and in use together
 * stays below the highest use of the last seconds, but for a margin. So a program that frees and
 * allocates the same again finds its pages, and one that grows does not pay for its past. Nor must it come
 * near a soft limit of the policy: what is kept shrinks before what is in use reaches it.
 *
 * Bytes of whole granules and mappings, not of blocks. Atomics, relaxed: hints of the moment that
 * nothing is ordered by; whoever changes them holds the lock of the floor that owns the memory. */
#ifndef HAK_USAGE_H
#define HAK_USAGE_H

#include "base/atomic.h"

enum usage {
    USAGE_IN_USE,     /* ACTIVE slabs, spans, what strips have used, and live large mappings */
    USAGE_KEPT_SLABS, /* EMPTY slabs */
    USAGE_PREWARMED,  /* the part of the EMPTY slabs that is kept whatever the peak */
    USAGE_KEPT_LARGE, /* cached large mappings */
    USAGE_MAPPED,     /* superslabs, strips and large mappings, whatever is in them */
    USAGES
};

void usage_add(enum usage usage, size_t bytes);
void usage_sub(enum usage usage, size_t bytes);

size_t usage_of(enum usage usage);

/* Before BYTES are mapped: counts them, unless the limit of the policy forbids them. Not obtained after
 * all, or unmapped again: usage_unmapped. */
bool usage_may_map(size_t bytes);
void usage_unmapped(size_t bytes);

/* True if not even many times of what is mapped would be granted: the limit of the policy or the system's
 * forbids it, or memory was refused lately. May ask the system, as what is mapped grows. Called unlocked. */
bool usage_scarce(void);
/* The smallest limit of bytes known at the start, with that of the policy; UINT64_MAX: there is none. */
uint64_t usage_limit(void);
/* RLIMIT_AS and RLIMIT_DATA at the start; UINT64_MAX is no limit. See HACKING.md, "Nobody in between". */
void usage_set_limits(uint64_t space, uint64_t data);

/* The most that was in use lately. */
size_t usage_peak(void);

/* The most that was ever in use. */
size_t usage_highest(void);

/* Bytes that could come into use without a new peak. */
size_t usage_headroom(void);

/* Bytes kept that make the process larger than its peak. */
size_t usage_excess(void);

/* Bytes that may be kept in all, whatever else would allow more: what the soft limit leaves, nothing under
 * pressure, SIZE_MAX where there is neither. And how much more is kept than that. */
size_t usage_room(void);
size_t usage_over(void);

/* Called a few times a second: forget old peaks. */
void usage_tick(uint64_t now_ms);

#endif
