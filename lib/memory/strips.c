/* SPDX-License-Identifier: MIT */
/* memory/strips.c - all strips: their units, the lists that they stand in, and how they come and go. */
#include "memory/strips.h"

#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/os.h"
#include "events/counters.h"
#include "events/usage.h"
#include "memory/kept.h"

struct strips strips;

enum {
    LENGTH_LOSS_SHIFT = 5 /* of a new strip: the end that no block has is a 32nd of it, if that can be */
};

/* --- Bits ----------------------------------------------------------------------------------------*/

unsigned unit_next(const uint64_t *map, unsigned from, unsigned end, bool invert)
{
    uint64_t flip = invert ? UINT64_MAX : 0, mask = UINT64_MAX << (from % 64);
    for (unsigned w = from / 64; w * 64 < end; w++, mask = UINT64_MAX) {
        uint64_t bits = (map[w] ^ flip) & mask;
        if (bits) {
            unsigned at = w * 64 + (unsigned)__builtin_ctzll(bits);
            return at < end ? at : end;
        }
    }
    return end;
}

/* The bits [FROM, FROM + N) that lie in word W. */
static uint64_t part_of(unsigned w, unsigned from, unsigned n)
{
    unsigned low = from > w * 64 ? from - w * 64 : 0, high = from + n - w * 64;
    uint64_t below = high < 64 ? (1ull << high) - 1 : UINT64_MAX;
    return below & UINT64_MAX << low;
}

#define EACH_WORD(w, from, n) for (unsigned w = (from) / 64; w * 64 < (from) + (n); w++)

void unit_set(uint64_t *map, unsigned from, unsigned n)
{
    EACH_WORD (w, from, n)
        map[w] |= part_of(w, from, n);
}

void unit_clear(uint64_t *map, unsigned from, unsigned n)
{
    EACH_WORD (w, from, n)
        map[w] &= ~part_of(w, from, n);
}

unsigned unit_count(const uint64_t *map, unsigned from, unsigned n)
{
    unsigned sum = 0;
    EACH_WORD (w, from, n)
        sum += (unsigned)__builtin_popcountll(map[w] & part_of(w, from, n));
    return sum;
}

/* --- One strip -----------------------------------------------------------------------------------*/

void strip_unbin(struct strip *s)
{
    list_remove(&s->link);
    if (list_empty(&strips.bin[s->longest]))
        unit_clear(strips.bins, s->longest, 1);
}

void strip_rebin(struct strip *s, unsigned n)
{
    if (!s->purging)
        strip_unbin(s);
    s->longest = (uint16_t)n;
    if (s->purging)
        return;
    list_push_front(&strips.bin[n], &s->link);
    unit_set(strips.bins, n, 1);
}

void strip_set_idle(struct strip *s, unsigned idle)
{
    strips.idle = strips.idle - s->idle + idle;
    usage_sub(USAGE_IN_USE, (size_t)s->idle * STRIP_UNIT);
    usage_add(USAGE_IN_USE, (size_t)idle * STRIP_UNIT);
    s->idle = (uint16_t)idle;
    if (!idle)
        list_remove(&s->age);
}

unsigned strip_idle_around(const struct strip *s, unsigned from, unsigned n)
{
    unsigned page = (unsigned)(os_page_size() / STRIP_UNIT), behind = from + n;
    unsigned first = from / page * page, end = (unsigned)round_up(behind, page);
    if (first < from && unit_count(s->used, first, from - first))
        first += page;
    if (behind < end && unit_count(s->used, behind, end - behind))
        end -= page;
    return first < end ? unit_count(s->dirty, first, end - first) : 0;
}

static uint64_t freed_ms(const struct list *l)
{
    return CONTAINER_OF(l, struct strip, age)->freed_ms;
}

void strip_age(struct strip *s, bool recent)
{
    struct list *all = &strips.age, *before = all;
    list_remove(&s->age);
    list_make_circle(all);
    if (recent)
        for (before = all->next; before != all && freed_ms(before) > s->freed_ms;)
            before = before->next;
    else
        while (before->prev != all && freed_ms(before->prev) < s->freed_ms)
            before = before->prev;
    if (s->idle)
        list_push_back(before, &s->age);
}

unsigned strip_end_of(const struct strip *s, unsigned i)
{
    unsigned end = unit_next(s->used, i + 1, s->units, true);
    return unit_next(s->start, i + 1, end, false);
}

unsigned strip_look(const struct strip *s, unsigned n, unsigned align, unsigned *at)
{
    unsigned longest = 0;
    *at = s->units;
    for (unsigned from = unit_next(s->used, 0, s->units, true), end; from < s->units;
         from = unit_next(s->used, end, s->units, true)) {
        end = unit_next(s->used, from, s->units, false);
        unsigned first = (from + align - 1) & ~(align - 1);
        if (*at == s->units && first + n <= end) {
            *at = first;
            longest = greater(longest, greater(first - from, end - first - n));
        } else {
            longest = greater(longest, end - from);
        }
    }
    return longest;
}

unsigned strip_longest(const struct strip *s)
{
    unsigned unused;
    return strip_look(s, STRIP_UNITS + 1, 1, &unused);
}

/* --- Strips that come and go ---------------------------------------------------------------------*/

/* Blocks of N units for a new strip. */
static unsigned blocks_for(unsigned n)
{
    unsigned most = STRIP_UNITS / n, best = most, least_loss = UINT32_MAX;
    for (unsigned k = most; k && k >= most / 2; k--) {
        unsigned loss = (unsigned)round_up(k * n, GRANULE_UNITS) - k * n;
        if (loss <= k * n >> LENGTH_LOSS_SHIFT)
            return k;
        if (loss * most / k < least_loss) {
            least_loss = loss * most / k;
            best = k;
        }
    }
    return best;
}

/* The same as strip_map, of UNITS, whole granules. */
static struct large *map_units(unsigned units, bool *dirty)
{
    size_t size = (size_t)units * STRIP_UNIT;
    struct large *l = kept_take(size, SUPERSLAB);
    *dirty = l != NULL;
    if (!l)
        l = mapping_new(size, SUPERSLAB);
    else if (l->size % GRANULE) /* the class map could not tell the rest from what follows it */
        kept_shorten(l, round_down(l->size, GRANULE));
    if (l && !classmap_reserve(l->base, round_down(l->size, GRANULE))) {
        kept_return(l);
        return NULL;
    }
    return l;
}

struct large *strip_map(unsigned n, bool *dirty)
{
    struct large *l = NULL;
    if (load_relaxed(&strips.count) >= STRIPS_MOST)
        return NULL;
    for (unsigned k = blocks_for(n); k && !l; k /= 2)
        l = map_units((unsigned)round_up(k * n, GRANULE_UNITS), dirty);
    if (l && !*dirty) /* once, however often the system refused */
        kept_needed(l->size);
    return l;
}

/* A descriptor, in no list; NULL without memory. Lock held. */
static struct strip *descriptor(void)
{
    struct strip *s;
    if (!list_empty(&strips.spare)) {
        s = LIST_FIRST(&strips.spare, struct strip, link);
        list_remove(&s->link);
        return s;
    }
    s = meta_alloc(sizeof *s);
    if (s) {
        s->region.kind = REGION_STRIP;
        list_init(&s->link);
        list_init(&s->age);
    }
    return s;
}

struct strip *strip_enter(struct large *l, bool dirty)
{
    struct strip *s = load_relaxed(&strips.count) < STRIPS_MOST ? descriptor() : NULL;
    if (!s)
        return NULL;
    unsigned granules = (unsigned)min_size(l->size >> GRANULE_SHIFT, GRANULES);
    s->mapping = l;
    s->base = (uint8_t *)l->base;
    s->units = (uint16_t)(granules * GRANULE_UNITS);
    s->used_units = s->blocks = s->idle = 0;
    s->purging = false;
    s->longest = 0; /* of the bin that it is in by now: none */
    s->freed_ms = clock_recent_ms();
    memset(s->used, 0, sizeof(unit_map));
    memset(s->start, 0, sizeof(unit_map));
    memset(s->freed, 0, sizeof(unit_map));
    memset(s->dirty, 0, sizeof(unit_map));
    store_relaxed(&strips.count, load_relaxed(&strips.count) + 1);
    strips.units += s->units;
    add_relaxed(&larges.lent, 1);
    strip_rebin(s, s->units);
    if (dirty) {
        unit_set(s->dirty, 0, s->units);
        strip_set_idle(s, s->units);
        strip_age(s, true);
    }
    classmap_set_region(s->base, &s->region);
    classmap_set(s->base, granules, CLASS_STRIP);
    return s;
}

struct large *strip_leave(struct strip *s)
{
    classmap_set(s->base, s->units / GRANULE_UNITS, CLASS_NONE);
    classmap_set_region(s->base, NULL);
    strip_set_idle(s, 0);
    strip_unbin(s);
    store_relaxed(&strips.count, load_relaxed(&strips.count) - 1);
    strips.units -= s->units;
    sub_relaxed(&larges.lent, 1);
    s->units = 0;
    list_push_front(&strips.spare, &s->link);
    s->mapping->freed_ms = s->freed_ms;
    return s->mapping;
}
