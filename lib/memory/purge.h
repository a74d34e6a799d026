/* SPDX-License-Identifier: MIT */
/* memory/purge.h - EMPTY slabs back to the system: which, when, and without a lock. */
#ifndef HAK_PURGE_H
#define HAK_PURGE_H

#include "memory/superslab.h"

/* Give back all EMPTY slabs but KEEP bytes, and superslabs wholly free. Returns the bytes. */
size_t purge_trim(size_t keep);
/* What of the EMPTY slabs may add to a peak: any thread, a hint. */
size_t purge_tolerated(void);
/* Give back EMPTY slabs that have waited longer than the policy's delay. */
void purge_decay(uint64_t now_ms);

/* Work that locked code hands out, to be done after the unlock. COUNT == ALL_GRANULES: unmap. */
enum { PURGE_BATCH = 16 /* pieces of work collected under the lock at a time */ };
struct purge_work {
    struct superslab *ss;
    unsigned first, count;
};

/* Collect work after slabs became EMPTY: what exceeds the budget, once there is enough of it for
 * neighbours to go in one system call. */
unsigned purge_collect_excess(struct purge_work *work, uint64_t now_ms);

/* Do the system calls and book the result. Called and returns unlocked. The bytes given back. */
size_t purge_do(const struct purge_work *work, unsigned n, uint64_t now_ms);

#endif
