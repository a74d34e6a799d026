/* SPDX-License-Identifier: MIT */
/* memory/strippages.c - free pages of strips back to the system.
 *
 * Free units that were used, idle ones, count as in use, as free blocks of slabs do, so that they are part of
 * each peak. Of their pages as much is kept as of EMPTY slabs: a small share, what was earned (retain.h), and
 * half a megabyte before it is worth system calls, four of them at most in one free. What is left of a hole
 * is the part of a page at each end, which a block in use shares. */
#include "memory/strippages.h"

#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "events/usage.h"
#include "memory/kept.h"

enum {
    WORTH = 512 << 10, /* free bytes beyond what was earned before pages are given back */
    LOOKS_AT_ONCE = 16 /* at strips, by one thread that comes by: the rest is for the next */
};

/* Is page I of S, of N units, free and dirty? */
static bool can_go(const struct strip *s, unsigned i, unsigned n)
{
    return (i + 1) * n <= s->units && !unit_count(s->used, i * n, n) && unit_count(s->dirty, i * n, n);
}

/* Find up to PURGE_AT_ONCE runs of pages of S to be given back, and take it out of everything until that has
 * happened. Lock held. */
static void isolate(struct strip *s, struct strip_work *work)
{
    unsigned n = (unsigned)(os_page_size() / STRIP_UNIT), pages = s->units / n;
    *work = (struct strip_work){.strip = s, .freed_ms = s->freed_ms};
    for (unsigned i = 0, from; i < pages && work->n < PURGE_AT_ONCE; i++) {
        for (from = i; can_go(s, i, n); i++)
            ;
        if (i == from)
            continue;
        work->run[work->n].from = from * n;
        work->run[work->n++].units = (i - from) * n;
    }
    strip_unbin(s);
    list_remove(&s->age);
    s->purging = true;
}

/* S comes back from purging, FREED into meanwhile or not. Its mapping, if it is empty and leaves; else NULL.
 * Lock held. */
static struct large *come_back(struct strip *s, bool freed)
{
    unsigned longest = s->longest;
    s->longest = 0;
    s->purging = false;
    strip_rebin(s, longest);
    if (s->used_units == 0)
        return strip_leave(s);
    strip_age(s, freed);
    return NULL;
}

size_t strip_purge(const struct strip_work *work, uint64_t now_ms)
{
    struct strip *s = work->strip;
    bool gone[PURGE_AT_ONCE];
    size_t units = 0;
    for (unsigned i = 0; i < work->n; i++)
        gone[i] = os_purge(s->base + (size_t)work->run[i].from * STRIP_UNIT,
                           (size_t)work->run[i].units * STRIP_UNIT) == 0;
    lock_take(RANK_STRIPS);
    for (unsigned i = 0; i < work->n; i++) {
        if (!gone[i]) {
            strips.purge_again_ms = now_ms + RETAIN_PAUSE_MS;
            continue;
        }
        units += work->run[i].units;
        strip_set_idle(s, s->idle - unit_count(s->dirty, work->run[i].from, work->run[i].units));
        unit_clear(s->dirty, work->run[i].from, work->run[i].units);
    }
    retain_gone(&strips.retain, units * STRIP_UNIT, now_ms);
    struct large *l = come_back(s, s->freed_ms != work->freed_ms);
    lock_give(RANK_STRIPS);
    if (l)
        kept_return(l);
    count_purged(units * STRIP_UNIT);
    return units * STRIP_UNIT;
}

/* Of what exceeds KEEP bytes of free pages the oldest strip's, if it became free before BEFORE_MS. Lock held.
 * False if there is none. */
static bool collect(struct strip_work *work, size_t keep, uint64_t before_ms, uint64_t now_ms)
{
    if (strips.idle * STRIP_UNIT <= keep || list_empty(&strips.age) || now_ms < strips.purge_again_ms)
        return false;
    struct strip *oldest = LIST_LAST(&strips.age, struct strip, age);
    if (oldest->freed_ms > before_ms)
        return false;
    isolate(oldest, work);
    return true;
}

bool strip_collect_excess(struct strip_work *work, uint64_t now_ms)
{
    size_t used = strips.used * STRIP_UNIT,
           keep = max_size(policy(retain_bytes), used >> policy(retain_shift));
    keep += retain_earned(&strips.retain) + (policy(retain_bytes) ? WORTH : 0);
    return collect(work, min_size(keep, usage_room()), UINT64_MAX, now_ms);
}

/* LOOKS at strips at most. The bytes. */
static size_t give_back(size_t keep, uint64_t before_ms, uint64_t now_ms, size_t looks)
{
    struct strip_work work;
    size_t bytes = 0;
    while (looks--) {
        lock_take(RANK_STRIPS);
        bool any = collect(&work, keep, before_ms, now_ms);
        lock_give(RANK_STRIPS);
        if (!any)
            break;
        bytes += strip_purge(&work, now_ms);
    }
    return bytes;
}

size_t strip_trim(size_t keep)
{
    return give_back(keep, UINT64_MAX, clock_now_ms(), SIZE_MAX);
}

void strip_decay(uint64_t now_ms)
{
    if (!load_relaxed(&strips.count) || now_ms < policy(purge_delay_ms))
        return;
    lock_take(RANK_STRIPS);
    retain_tick(&strips.retain, now_ms);
    lock_give(RANK_STRIPS);
    (void)give_back(0, now_ms - policy(purge_delay_ms), now_ms, LOOKS_AT_ONCE);
}
