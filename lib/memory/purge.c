/* SPDX-License-Identifier: MIT */
/* memory/purge.c - EMPTY slabs back to the system: which, when, and without a lock. */
#include "memory/purge.h"

#include "base/clock.h"
#include "base/os.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "events/trace.h"
#include "events/usage.h"
#include "memory/arena.h"
#include "memory/hugepages.h"

enum {
    PURGE_WORTH = 8,  /* EMPTY slabs beyond the budget before it is worth the system calls */
    PURGE_AT_ONCE = 4 /* pieces of work that one free does: the rest is for the next */
};

/* How many bytes of EMPTY slabs may stay. What was regretted may only fill the room below the recent peak,
 * and a sixteenth of what is in use above it: keeping must not make the process larger than its work did. */
static size_t budget(void)
{
    size_t in_use = (arena.actives + arena.span_granules) * (size_t)GRANULE;
    size_t most = usage_headroom() + (in_use >> policy(tolerance_shift));
    size_t regretted = min_size(retain_earned(&arena.retain), most);
    size_t kept = max_size(policy(retain_bytes), in_use >> policy(retain_shift)) + regretted;
    return max_size(min_size(kept, usage_room()), arena.prewarmed * GRANULE);
}

/* Take SS out of everything, to be unmapped: all its granules are free. Its region goes before the memory
 * does, so that whoever finds an address of it in the class map finds no descriptor, and not one that is
 * about to serve another place. */
static void detach(struct superslab *ss)
{
    for (uint32_t bits = ss->free_mask & ss->dirty_mask; bits; bits &= bits - 1)
        arena_unlink_empty(&ss->slab[__builtin_ctz(bits)]);
    arena_unbin(ss);
    arena_remove(ss);
    classmap_set_region(ss->base, NULL);
}

/* Take SLAB and the EMPTY slabs beside it, MAX at most, out of the lists to be purged. The last superslab is
 * never unmapped: the next allocation would map one again. A pinned one is being worked on by a thread
 * without the lock. */
static struct purge_work isolate(struct slab *slab, size_t max)
{
    struct superslab *ss = superslab_of(slab);
    if (ss->free_mask == open_mask(ss) && arena.superslabs > 1 && !ss->pinned) {
        detach(ss);
        return (struct purge_work){ss, 0, ALL_GRANULES};
    }
    uint32_t candidates = ss->free_mask & ss->dirty_mask;
    unsigned first = slab->index, count_of = 1;
    while (count_of < max && first > 0 && (candidates >> (first - 1) & 1))
        first--, count_of++;
    while (count_of < max && first + count_of < GRANULES && (candidates >> (first + count_of) & 1))
        count_of++;
    if (count_of == ALL_GRANULES) /* the only superslab, or a pinned one: kept, its pages are not */
        count_of--;
    for (unsigned i = first; i < first + count_of; i++) {
        arena_unlink_empty(&ss->slab[i]);
        ss->slab[i].state = SLAB_PURGE;
    }
    arena_set_free(ss, ss->free_mask & ~mask_run(first, count_of));
    return (struct purge_work){ss, first, count_of};
}

/* Collect work until at most KEEP bytes of EMPTY slabs are left that were emptied after BEFORE_MS
 * (UINT64_MAX: all of them count). ARENA lock held. */
static unsigned collect(struct purge_work *work, unsigned most, size_t keep, uint64_t before_ms,
                        uint64_t now_ms)
{
    size_t n = 0, keep_slabs = keep >> GRANULE_SHIFT;
    /* The oldest first, by stamps of 32 bits: their difference is right for 24 days, and later costs one
     * purge. */
    while (n < most && arena.empties > keep_slabs && now_ms >= arena.purge_again_ms) {
        struct slab *oldest = LIST_LAST(&arena.by_age, struct slab, age);
        if (before_ms != UINT64_MAX && (int32_t)((uint32_t)before_ms - oldest->emptied_ms) < 0)
            break;
        size_t before = arena.empties;
        work[n++] = isolate(oldest, arena.empties - keep_slabs);
        retain_gone(&arena.retain, (before - arena.empties) * GRANULE, now_ms);
    }
    return (unsigned)n;
}

/* Collect work after slabs became EMPTY: what exceeds the budget, once there is enough of it for
 * neighbours to go in one system call. ARENA lock held. */
unsigned purge_collect_excess(struct purge_work *work, uint64_t now_ms)
{
    size_t keep = budget();
    if (arena.empties <= (keep >> GRANULE_SHIFT) + (policy(retain_bytes) ? PURGE_WORTH : 0))
        return 0;
    return collect(work, PURGE_AT_ONCE, keep, UINT64_MAX, now_ms);
}

/* Whatever the system refuses stays with us, dirty. ARENA lock held. */
static void take_back(struct superslab *ss, unsigned first, unsigned n, bool zero, uint64_t now_ms)
{
    for (unsigned i = first; i < first + n; i++) {
        struct slab *slab = arena_slab_at(ss, i);
        if (zero) {
            slab->state = SLAB_UNUSED;
            ss->dirty_mask &= ~(1u << i);
        } else {
            arena_mark_empty(ss, slab, now_ms);
        }
    }
    if (!zero)
        arena.purge_again_ms = now_ms + RETAIN_PAUSE_MS;
    arena_set_free(ss, ss->free_mask | mask_run(first, n));
}

/* The kernel refuses to unmap where it has no memory to split an area of its own: then SS is put back as it
 * was, its pages purged at least. */
static void finish_unmap(struct superslab *ss, bool unmapped, bool zero, uint64_t now_ms)
{
    if (unmapped) {
        list_push_front(&arena.spare, &ss->all);
        for (unsigned i = 0; i < ss->opened; i++)
            ss->slab[i].state = SLAB_CLOSED;
        return;
    }
    arena_enter(ss);
    classmap_set_region(ss->base, &ss->region);
    ss->free_mask = 0;
    ss->dirty_mask = ~open_mask(ss);
    arena_enbin(ss);
    take_back(ss, 0, ss->opened, zero, now_ms);
}

static COLD void trace_purge(const uint8_t *addr, unsigned granules, const char *state)
{
    struct line m;
    trace_begin(&m, CHANNEL_FREE);
    line_address(&m, "slab", addr);
    line_field(&m, "granules", granules);
    line_text(&m, "state", state);
    trace_end(&m, CHANNEL_FREE);
}

/* Do the system calls, unlocked, and book the result. Returns the bytes given back. */
size_t purge_do(const struct purge_work *work, unsigned n, uint64_t now_ms)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        struct superslab *ss = work[i].ss;
        uint8_t *addr = ss->base + ((size_t)work[i].first << GRANULE_SHIFT);
        bool whole = work[i].count == ALL_GRANULES;
        size_t size = (size_t)(whole ? ss->opened : work[i].count) << GRANULE_SHIFT;
        bool unmapped = whole && os_unmap(addr, size) == 0;
        if (unmapped)
            usage_unmapped(size);
        else
            huge_plain_pages(&ss->slab[work[i].first]);
        bool zero = unmapped || os_purge(addr, size) == 0;
        if (trace_on(CHANNEL_FREE))
            trace_purge(addr, work[i].count, unmapped ? "unmapped" : zero ? "purged" : "refused");
        lock_take(RANK_ARENA);
        if (whole)
            finish_unmap(ss, unmapped, zero, now_ms);
        else
            take_back(ss, work[i].first, work[i].count, zero, now_ms);
        lock_give(RANK_ARENA);
        bytes += zero ? size : 0;
    }
    count_purged(bytes);
    return bytes;
}

size_t purge_tolerated(void)
{
    return retain_tolerated(&arena.retain, usage_of(USAGE_IN_USE));
}

size_t purge_trim(size_t keep)
{
    struct purge_work work[PURGE_BATCH];
    uint64_t now_ms = clock_now_ms();
    size_t bytes = 0, done;
    do {
        lock_take(RANK_ARENA);
        unsigned n = collect(work, PURGE_BATCH, keep, UINT64_MAX, now_ms);
        lock_give(RANK_ARENA);
        done = purge_do(work, n, now_ms);
        bytes += done;
    } while (done);
    return bytes;
}

void purge_decay(uint64_t now_ms)
{
    struct purge_work work[PURGE_BATCH];
    if (now_ms < policy(purge_delay_ms))
        return;
    lock_take(RANK_ARENA);
    retain_tick(&arena.retain, now_ms);
    unsigned n =
        collect(work, PURGE_BATCH, arena.prewarmed * GRANULE, now_ms - policy(purge_delay_ms), now_ms);
    lock_give(RANK_ARENA);
    purge_do(work, n, now_ms);
}
