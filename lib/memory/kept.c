/* SPDX-License-Identifier: MIT */
/* memory/kept.c - freed large mappings: kept, split, joined, and their pages taken for others.
 *
 * A request takes the smallest kept mapping that holds it, or a row of neighbours; what it does not need
 * stays kept, from the end of the block or of its last unit on. Where none is long enough, pages are
 * taken instead of addresses: whole units of 2 MiB move with their page tables, by mremap, so that memory
 * in pieces serves as well as memory in a row and never costs a page fault, nor more than was in use.
 *
 * The LARGE lock guards the list. System calls are made unlocked, on mappings in no list. */
#include "memory/kept.h"

#include "base/clock.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "events/usage.h"

/* May there be areas beyond one a mapping? Lock held. */
static bool areas_left(void)
{
    size_t lent = load_relaxed(&larges.lent);
    return load_relaxed(&larges.areas) < larges.live_count + larges.cached_count + lent + AREAS_MORE;
}

/* --- What is kept --------------------------------------------------------------------------------*/

static void uncache(struct large *l)
{
    list_remove(&l->link);
    larges.cached_bytes -= l->size;
    usage_sub(USAGE_KEPT_LARGE, l->size);
    larges.cached_count--;
}

/* Enter L among the kept ones, in the order of their age: mostly in front, but for what a divided mapping
 * leaves, which is as old as that was. */
static void cache(struct large *l)
{
    struct list *before = &larges.cached;
    LIST_EACH (i, &larges.cached) {
        if (CONTAINER_OF(i, struct large, link)->freed_ms <= l->freed_ms) {
            before = i;
            break;
        }
    }
    list_push_back(before, &l->link);
    larges.cached_bytes += l->size;
    usage_add(USAGE_KEPT_LARGE, l->size);
    larges.cached_count++;
}

static bool serves(const struct large *l, size_t size, size_t align)
{
    return l->size >= size && ((uintptr_t)l->base & (max_size(align, SUPERSLAB) - 1)) == 0;
}

/* Of the mapping freed first as much of its end as makes up EXCESS, or all of it. Its beginning stays, which
 * a block can have where it is a multiple of SUPERSLAB. Lock held. */
static struct large *surplus(struct large *oldest, size_t excess)
{
    excess = round_up(excess, MOVE_UNIT);
    struct large *rest = oldest->size >= excess + MOVE_UNIT ? mapping_descriptor() : NULL;
    if (!rest)
        return oldest;
    uncache(oldest);
    mapping_divide(oldest, oldest->size - excess, rest);
    cache(oldest);
    cache(rest);
    return rest;
}

/* What exceeds the limits or was freed before BEFORE_MS; NULL if nothing does. Lock held. */
static struct large *victim(size_t keep_bytes, uint64_t before_ms)
{
    if (list_empty(&larges.cached))
        return NULL;
    struct large *oldest = LIST_LAST(&larges.cached, struct large, link);
    if (oldest->freed_ms < before_ms || larges.cached_count > CACHED_MOST)
        return oldest;
    return larges.cached_bytes > keep_bytes ? surplus(oldest, larges.cached_bytes - keep_bytes) : NULL;
}

/* Move to OUT what exceeds the limits or was freed before BEFORE_MS. Lock held. */
static unsigned evict(struct large **out, size_t keep_bytes, uint64_t before_ms, uint64_t now_ms)
{
    unsigned n = 0;
    struct large *l;
    while (n < CACHED_MOST && (l = victim(keep_bytes, before_ms)) != NULL) {
        uncache(l);
        retain_gone(&larges.retain, l->size, now_ms);
        out[n++] = l;
    }
    return n;
}

/* Lock held. */
static size_t allowed(void)
{
    return min_size(retain_earned(&larges.retain), usage_room());
}

unsigned kept_put(struct large *l, struct large **out)
{
    cache(l);
    return evict(out, allowed(), 0, clock_recent_ms());
}

/* The smallest kept mapping that serves. Lock held. */
static struct large *best_single(size_t size, size_t align)
{
    struct large *best = NULL;
    LIST_EACH (i, &larges.cached) {
        struct large *l = CONTAINER_OF(i, struct large, link);
        if (serves(l, size, align) && (!best || l->size < best->size))
            best = l;
    }
    return best;
}

/* All kept mappings in the order of their addresses; their number. Lock held. */
static unsigned by_address(struct large **out)
{
    unsigned n = 0;
    LIST_EACH (i, &larges.cached) {
        struct large *l = CONTAINER_OF(i, struct large, link);
        if (n == CACHED_MOST)
            break;
        unsigned at = n++;
        for (; at && out[at - 1]->base > l->base; at--)
            out[at] = out[at - 1];
        out[at] = l;
    }
    return n;
}

/* A row of neighbours: N of them from FIRST on, SIZE bytes. */
struct row {
    struct large **first;
    unsigned n;
    size_t size;
};

/* The row from AT on, of the MOST mappings there: until it has SIZE bytes, or ends. */
static struct row row_from(struct large **at, unsigned most, size_t size)
{
    struct row row = {at, 1, at[0]->size};
    while (row.size < size && row.n < most && mapping_end(at[row.n - 1]) == at[row.n]->base)
        row.size += at[row.n++]->size;
    return row;
}

/* Make one mapping of ROW, out of the list. Lock held. */
static struct large *take_row(struct row row)
{
    struct large *l = row.first[0];
    uncache(l);
    for (unsigned i = 1; i < row.n; i++) {
        uncache(row.first[i]);
        mapping_join(l, row.first[i]);
    }
    return l;
}

/* The shortest row that serves, or, with LONGEST, the longest of those that do not. Lock held. */
static struct large *best_row(size_t size, size_t align, bool longest)
{
    struct large *kept[CACHED_MOST];
    unsigned n = by_address(kept);
    struct row best = {NULL, 0, longest ? MOVE_UNIT - 1 : SIZE_MAX};
    for (unsigned i = 0; i < n; i++) {
        struct row row = row_from(&kept[i], n - i, size);
        if (!serves(kept[i], 0, align) || (row.size >= size) == longest)
            continue;
        if (longest ? row.size > best.size : row.size < best.size)
            best = row;
    }
    return best.n ? take_row(best) : NULL;
}

/* What lies behind SIZE bytes of L, and behind the end of a unit, stays kept. Lock held; L is in no list. */
static void keep_units_behind(struct large *l, size_t size)
{
    size = round_up(size, MOVE_UNIT);
    struct large *rest = l->size > size ? mapping_descriptor() : NULL;
    if (!rest)
        return;
    mapping_divide(l, size, rest);
    cache(rest);
}

struct large *kept_take(size_t size, size_t align)
{
    lock_take(RANK_LARGE);
    struct large *l = best_single(size, align);
    if (l)
        uncache(l);
    else if (larges.cached_bytes >= size)
        l = best_row(size, align, false);
    if (l)
        keep_units_behind(l, size);
    lock_give(RANK_LARGE);
    return l;
}

struct large *kept_begin(size_t size, size_t align)
{
    lock_take(RANK_LARGE);
    struct large *l = larges.cached_count && areas_left() ? best_row(size, align, true) : NULL;
    lock_give(RANK_LARGE);
    return l;
}

/* The kept mapping that begins at ADDRESS. Lock held. */
static struct large *kept_at(const char *address)
{
    LIST_EACH (i, &larges.cached) {
        struct large *l = CONTAINER_OF(i, struct large, link);
        if (l->base == address)
            return l;
    }
    return NULL;
}

void kept_absorb(struct large *l, size_t size)
{
    struct large *next;
    lock_take(RANK_LARGE);
    while (l->size < size && (next = kept_at(mapping_end(l))) != NULL) {
        uncache(next);
        mapping_join(l, next);
    }
    if (l->size > size)
        keep_units_behind(l, size);
    lock_give(RANK_LARGE);
}

void kept_shorten(struct large *l, size_t size)
{
    struct large *out[CACHED_MOST], *rest = NULL;
    unsigned n = 0;
    uint64_t now_ms = clock_now_ms();
    lock_take(RANK_LARGE);
    if (retain_earned(&larges.retain)) {
        l->freed_ms = now_ms;
        keep_units_behind(l, size);
        rest = l->size > size ? mapping_descriptor() : NULL;
        if (rest) {
            mapping_divide(l, size, rest);
            cache(rest);
        }
        n = evict(out, allowed(), 0, now_ms);
    } else {
        retain_gone(&larges.retain, l->size - size, now_ms);
    }
    lock_give(RANK_LARGE);
    if (l->size > size)
        mapping_cut(l, size);
    mapping_drop(out, n);
}

/* --- Pages instead of addresses -------------------------------------------------------------------*/

void kept_needed(size_t size)
{
    uint64_t now_ms = clock_now_ms();
    lock_take(RANK_LARGE);
    retain_needed(&larges.retain, size,
                  min_size(min_size(policy(large_cache_bytes), usage_peak()), usage_room()), now_ms);
    lock_give(RANK_LARGE);
}

/* The longest kept mapping that has a unit to give. Lock held. */
static struct large *largest(void)
{
    struct large *best = NULL;
    LIST_EACH (i, &larges.cached) {
        struct large *l = CONTAINER_OF(i, struct large, link);
        if (serves(l, MOVE_UNIT, MOVE_UNIT) && (!best || l->size > best->size))
            best = l;
    }
    return best;
}

/* Kept mappings with units to give, out of the list: the smallest that has SIZE bytes of them, or the longest
 * and so on. Lock held. */
static unsigned take_donors(struct large **out, size_t size)
{
    unsigned n = 0;
    size_t have = 0;
    while (n < CACHED_MOST && have < size && areas_left()) {
        struct large *donor = best_single(round_up(size - have, MOVE_UNIT), MOVE_UNIT);
        if (!donor)
            donor = largest();
        if (!donor)
            break;
        uncache(donor);
        have += round_down(donor->size, MOVE_UNIT);
        out[n++] = donor;
    }
    return n;
}

/* What N donors were left with is kept again. */
static void return_donors(struct large **donor, unsigned n)
{
    lock_take(RANK_LARGE);
    for (unsigned i = 0; i < n; i++) {
        if (donor[i]->size)
            cache(donor[i]);
        else
            list_push_front(&larges.spare, &donor[i]->link);
    }
    lock_give(RANK_LARGE);
}

/* Fill the new pages [*AT, END) of L, both multiples of a unit, with those of kept mappings. False if L ends
 * at *AT now. */
static bool fill(struct large *l, size_t *at, size_t end)
{
    struct large *donor[CACHED_MOST];
    lock_take(RANK_LARGE);
    unsigned n = take_donors(donor, end - *at);
    lock_give(RANK_LARGE);
    if (!n)
        return true;
    mapping_count_areas(l, l->areas + 1); /* new pages in front of what comes, and behind it */
    bool whole = true;
    for (unsigned i = 0; i < n && whole && *at < end; i++)
        whole = mapping_take_units(l, at, end, donor[i]);
    return_donors(donor, n);
    return whole;
}

bool kept_recycle(struct large *l, size_t from, size_t to)
{
    size_t first = round_up(from, MOVE_UNIT), end = round_down(to, MOVE_UNIT), at = first;
    bool whole = true;
    if (at < end && usage_of(USAGE_KEPT_LARGE) >= MOVE_UNIT)
        whole = fill(l, &at, end);
    kept_needed(to - from - (at - first));
    return whole;
}

/* --- Pages given back ------------------------------------------------------------------------------*/

void kept_return(struct large *l)
{
    struct large *out[CACHED_MOST];
    lock_take(RANK_LARGE);
    unsigned n = kept_put(l, out);
    lock_give(RANK_LARGE);
    mapping_drop(out, n);
}

size_t kept_trim(size_t keep)
{
    struct large *out[CACHED_MOST];
    size_t bytes = 0, done;
    uint64_t now_ms = clock_now_ms();
    do {
        lock_take(RANK_LARGE);
        unsigned n = evict(out, keep, keep ? 0 : UINT64_MAX, now_ms);
        lock_give(RANK_LARGE);
        done = mapping_drop(out, n);
        bytes += done;
    } while (done);
    return bytes;
}

/* What was earned while more could be kept is lost, too: a mapping is parked by that alone (large_park). */
void kept_decay(uint64_t now_ms)
{
    struct large *out[CACHED_MOST];
    lock_take(RANK_LARGE);
    retain_lose(&larges.retain, retain_earned(&larges.retain) - allowed());
    size_t before = larges.cached_bytes;
    unsigned n = evict(out, SIZE_MAX, now_ms - policy(purge_delay_ms), now_ms);
    retain_lose(&larges.retain, before - larges.cached_bytes);
    lock_give(RANK_LARGE);
    mapping_drop(out, n);
}

void kept_check(void (*fault)(const char *what, const void *where))
{
    struct large *kept[CACHED_MOST];
    size_t bytes = 0, listed = 0;
    unsigned n = by_address(kept);
    for (unsigned i = 0; i < n; i++)
        if (kept[i]->size == 0 || kept[i]->areas == 0 || (i && mapping_end(kept[i - 1]) > kept[i]->base))
            fault("kept large mappings overlap", kept[i]->base);
    LIST_EACH (i, &larges.cached) {
        const struct large *l = CONTAINER_OF(i, struct large, link);
        listed++;
        bytes += l->size;
        if (i->next != &larges.cached && l->freed_ms < CONTAINER_OF(i->next, struct large, link)->freed_ms)
            fault("kept large mappings not in the order of their age", l->base);
    }
    if (listed != larges.cached_count || bytes != larges.cached_bytes)
        fault("kept large mappings miscounted", &larges);
}
