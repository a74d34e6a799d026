/* SPDX-License-Identifier: MIT */
/* regret.h - what was purged and soon needed again was purged too early (floor F2).
 *
 * So much more is kept from then on, until a second goes by without regret. Counts are in whatever
 * unit the owner counts in; the owner's lock guards it. */
#ifndef HAK_REGRET_H
#define HAK_REGRET_H

#include "bits.h"

enum { REGRET_MS = 1000 };

struct regret {
    size_t kept;   /* to keep beyond the budget */
    size_t lately; /* purged within REGRET_MS of each other, and not regretted yet */
    uint64_t purged_ms, regretted_ms;
};

/* N are about to be purged. */
static inline void regret_purge(struct regret *r, size_t n, uint64_t now_ms)
{
    if (now_ms - r->purged_ms >= REGRET_MS)
        r->lately = 0;
    r->lately += n;
    r->purged_ms = now_ms;
}

/* N are needed that have no pages: had they a moment ago? */
static inline void regret_need(struct regret *r, size_t n, uint64_t now_ms)
{
    n = min_size(n, r->lately);
    if (n == 0 || now_ms - r->purged_ms >= REGRET_MS)
        return;
    r->kept += n;
    r->lately -= n;
    r->regretted_ms = now_ms;
}

/* Called a few times a second. */
static inline void regret_tick(struct regret *r, uint64_t now_ms)
{
    if (now_ms - r->regretted_ms >= REGRET_MS)
        r->kept = 0;
}

#endif
