/* SPDX-License-Identifier: MIT */
/* events/retain.h - how much of what is free is kept: as much as was given up too early.
 *
 * Whoever keeps free memory (granules, large mappings) tells what it gives back to the system, what it
 * needs that has no pages, and what it kept in vain. What is needed soon after as much was given up was
 * regretted, and from then on so much more may be kept. It is lost again where it is not used.
 *
 * Invariants, in bytes:
 *   earned <= what was given up and needed again since earned was last 0, and <= the recent peak (usage.h)
 *   kept + in use <= the recent peak + a margin + min(earned, a sixteenth of what is in use),
 *     and kept <= usage_room, but for a moment: tick.c restores it
 * The lock of the owner guards it; `earned` may be read without. */
#ifndef HAK_RETAIN_H
#define HAK_RETAIN_H

#include "base/atomic.h"
#include "base/bits.h"
#include "settings/policy.h"

/* All the times of keeping and giving back, beside HAKMEM_PURGE_DELAY, after which what was not used goes. */
enum retain_times {
    /* Given up too early is what is needed within this time; where nothing is for as long, it is
     * forgotten. */
    RETAIN_MS = 1000,
    RETAIN_PEAK_MS = 1000,   /* a peak is recent for one to two of these (usage.c) */
    RETAIN_TICK_MS = 50,     /* how often somebody looks (tick.c) */
    RETAIN_PAUSE_MS = 1000,  /* no purging for this long after the system refused one (purge.c) */
    RETAIN_SETTLED_MS = 4000 /* all of that is over (helper.c) */
};

struct retain {
    _Atomic(size_t) earned; /* may be kept; relaxed: any recent value will do */
    size_t lately;          /* given up within RETAIN_MS of each other, and not regretted yet */
    uint64_t gone_ms, regretted_ms;
};

static inline size_t retain_earned(const struct retain *r)
{
    return load_relaxed(&r->earned);
}

/* What of it may add to a peak, where IN_USE bytes are in use: it was needed at once whenever it had gone. */
static inline size_t retain_tolerated(const struct retain *r, size_t in_use)
{
    return min_size(retain_earned(r), in_use >> policy(tolerance_shift));
}

/* N bytes are given back to the system. */
void retain_gone(struct retain *r, size_t n, uint64_t now_ms);

/* N bytes are needed that have no pages: what of them was given up a moment ago is kept from now on, in all
 * at most MOST. */
void retain_regret(struct retain *r, size_t n, size_t most, uint64_t now_ms);
static inline void retain_needed(struct retain *r, size_t n, size_t most, uint64_t now_ms)
{
    if (UNLIKELY(r->lately != 0))
        retain_regret(r, n, most, now_ms);
}

/* N bytes were kept in vain. */
void retain_lose(struct retain *r, size_t n);

/* Called a few times a second, where nobody sees what is kept in vain: what was not regretted for RETAIN_MS
 * is lost. */
void retain_tick(struct retain *r, uint64_t now_ms);

#endif
