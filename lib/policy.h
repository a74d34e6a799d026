/* SPDX-License-Identifier: MIT */
/* policy.h - the settings that the mechanisms obey (floor F2).
 * A snapshot: written by init.c before the heap is used, read by every floor above. */
#ifndef HAK_POLICY_H
#define HAK_POLICY_H

#include "compiler.h"

enum { POLICY_CLASSES = 109, POLICY_STRIPES = 8 };

struct policy {
    uint16_t magazine[POLICY_CLASSES];   /* blocks in a full magazine, by class; at least 1 */
    uint16_t travelling[POLICY_CLASSES]; /* the same for magazines that go from thread to thread */
    uint32_t threads_per_stripe;         /* thread caches that share one set of transfer slots */
    uint32_t growth_max;                 /* superslabs mapped in one step, at most */
    size_t retain_bytes;                 /* EMPTY slabs kept, at least */
    uint32_t retain_shift;               /* ... or slab bytes >> retain_shift where that is more */
    size_t large_cache_bytes;
    uint32_t purge_delay_ms;
};

extern struct policy policy;

#endif
