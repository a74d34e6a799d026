/* SPDX-License-Identifier: MIT */
/* events/retain.c - how much of what is free is kept. */
#include "events/retain.h"

/* What is given up in one stream of purges adds up: a program that frees a gigabyte in pieces and wants it
 * back has lost it too early as a whole. */
void retain_gone(struct retain *r, size_t n, uint64_t now_ms)
{
    if (now_ms - r->gone_ms >= RETAIN_MS)
        r->lately = 0;
    r->lately += n;
    r->gone_ms = now_ms;
}

/* MOST is the recent peak: a program that grows asks for pages it never had, and those are not regretted
 * beyond what it once had in use. */
void retain_regret(struct retain *r, size_t n, size_t most, uint64_t now_ms)
{
    n = min_size(n, r->lately);
    if (n == 0 || now_ms - r->gone_ms >= RETAIN_MS)
        return;
    r->lately -= n;
    r->regretted_ms = now_ms;
    store_relaxed(&r->earned, min_size(retain_earned(r) + n, most));
}

/* By the amount, not to nothing: what else was earned is still being used. */
void retain_lose(struct retain *r, size_t n)
{
    size_t earned = retain_earned(r);
    store_relaxed(&r->earned, earned > n ? earned - n : 0);
}

void retain_tick(struct retain *r, uint64_t now_ms)
{
    if (now_ms - r->regretted_ms >= RETAIN_MS)
        store_relaxed(&r->earned, 0);
}
