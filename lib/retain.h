/* SPDX-License-Identifier: MIT */
/* retain.h - how much of what is free is kept: as much as was given up too early (floor F2).
 *
 * Whoever keeps free memory (granules, large mappings) tells what it gives back to the system, what it
 * needs that has no pages, and what it kept in vain. What is needed soon after as much was given up was
 * regretted, and from then on so much more may be kept. It is lost again where it is not used.
 *
 * Invariant: earned <= what was given up and needed again, since it was last lost; and never more than
 * the owner's bound, which is what the recent peak leaves (level.h). In bytes. The owner's lock guards it;
 * `earned` may be read without. */
#ifndef HAK_RETAIN_H
#define HAK_RETAIN_H

#include "atomic.h"
#include "bits.h"

enum { RETAIN_MS = 1000 /* what is needed within this time after it was given up was given up too early */ };

struct retain {
    _Atomic(size_t) earned; /* may be kept; relaxed: any recent value will do */
    size_t lately;          /* given up within RETAIN_MS of each other, and not regretted yet */
    uint64_t gone_ms, regretted_ms;
};

static inline size_t retain_earned(const struct retain *r)
{
    return load_relaxed(&r->earned);
}

/* N bytes are given back to the system. */
void retain_gone(struct retain *r, size_t n, uint64_t now_ms);

/* N bytes are needed that have no pages: what of them was given up a moment ago is kept from now on, in all
 * at most MOST. */
void retain_needed(struct retain *r, size_t n, size_t most, uint64_t now_ms);

/* N bytes were kept in vain. */
void retain_lose(struct retain *r, size_t n);

/* Called a few times a second, where nobody sees what is kept in vain: what was not regretted for RETAIN_MS
 * is lost. */
void retain_tick(struct retain *r, uint64_t now_ms);

#endif
