/* SPDX-License-Identifier: MIT */
/* memory/strip.c - requests of 32 KiB to 1 MiB where whole granules waste address space.
 *
 * A block takes the lowest run that holds it, of the strip that it fills best: so strips become full or
 * empty. Malloc looks at all runs of the strip, sixteen words, free at those beside the block. Which units
 * are dirty is known one by one, so that calloc writes to no page that is zero. */
#include "memory/strip.h"

#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "events/usage.h"
#include "memory/kept.h"
#include "memory/strippages.h"

/* --- Units -----------------------------------------------------------------------------------------*/

/* The strip of P and the unit that P begins, or NULL. */
static struct strip *find(const void *p, unsigned *unit)
{
    struct region *region = classmap_region(p);
    size_t offset = (uintptr_t)p & (SUPERSLAB - 1);
    if (!region || region->kind != REGION_STRIP || offset % STRIP_UNIT)
        return NULL;
    struct strip *s = CONTAINER_OF(region, struct strip, region);
    *unit = (unsigned)(offset / STRIP_UNIT);
    return *unit < s->units ? s : NULL;
}

static struct strip *find_block(const void *p, unsigned *unit)
{
    struct strip *s = find(p, unit);
    return s && unit_bit(s->start, *unit) ? s : NULL;
}

/* The first unit of the run of free units that ends in front of unit END of S. */
static unsigned run_begin(const struct strip *s, unsigned end)
{
    while (end) {
        unsigned w = (end - 1) / 64;
        uint64_t bits = s->used[w] << (63 - (end - 1) % 64);
        if (bits)
            return end - (unsigned)__builtin_clzll(bits);
        end = w * 64;
    }
    return 0;
}

/* Units [FROM, FROM + N) of S, free until now, become used: LONGEST is the longest run then. */
static void take_units(struct strip *s, unsigned from, unsigned n, unsigned longest)
{
    unsigned dirty = unit_count(s->dirty, from, n), idle = s->idle ? strip_idle_around(s, from, n) : 0;
    unit_set(s->used, from, n);
    unit_set(s->dirty, from, n);
    unit_clear(s->freed, from, n);
    s->used_units = (uint16_t)(s->used_units + n);
    strips.used += n;
    retain_needed(&strips.retain, (size_t)(n - dirty) * STRIP_UNIT, usage_peak(), clock_recent_ms());
    if (idle)
        strip_set_idle(s, s->idle - idle);
    usage_add(USAGE_IN_USE, (size_t)n * STRIP_UNIT);
    strip_rebin(s, longest);
}

/* --- Blocks --------------------------------------------------------------------------------------*/

struct request {
    size_t size;
    unsigned units, align; /* in units */
    bool zero;
};

static struct request request(size_t size, size_t align, bool zero)
{
    align = max_size(align, STRIP_UNIT);
    return (struct request){size, (unsigned)(round_up(size, align) / STRIP_UNIT),
                            (unsigned)(align / STRIP_UNIT), zero};
}

/* A block of S for R, or NULL; where R wants zeros, WAS tells what was dirty. Lock held, as for the next. */
static uint8_t *carve(struct strip *s, const struct request *r, unit_map was)
{
    unsigned at;
    unsigned longest = strip_look(s, r->units, r->align, &at);
    if (at == s->units)
        return NULL;
    if (r->zero)
        memcpy(was, s->dirty, sizeof(unit_map));
    take_units(s, at, r->units, longest);
    unit_set(s->start, at, 1);
    s->blocks++;
    strips.blocks++;
    return s->base + (size_t)at * STRIP_UNIT;
}

/* The same, of the strip whose longest run is the shortest of UNITS or more. */
static uint8_t *carve_from(unsigned units, const struct request *r, unit_map was)
{
    unsigned n = unit_next(strips.bins, units, STRIP_UNITS + 1, false);
    return n <= STRIP_UNITS ? carve(LIST_FIRST(&strips.bin[n], struct strip, link), r, was) : NULL;
}

/* The same, of the strip that it fills best; where its alignment is in the way there, of one that is sure to
 * hold it. */
static uint8_t *carve_best(const struct request *r, unit_map was)
{
    uint8_t *p = carve_from(r->units, r, was);
    return p || r->align == 1 ? p : carve_from(r->units + r->align - 1, r, was);
}

/* The block P, or NULL, with the lock given back. */
static void *finish(uint8_t *p, const struct request *r, const unit_map was)
{
    unsigned at = (unsigned)(((uintptr_t)p & (SUPERSLAB - 1)) / STRIP_UNIT);
    for (unsigned i = 0; p && r->zero && i < r->units; i++) {
        size_t offset = (size_t)i * STRIP_UNIT;
        if (unit_bit(was, at + i) && offset < r->size)
            memset(p + offset, 0, min_size(STRIP_UNIT, r->size - offset));
    }
    return p;
}

void *strip_alloc(size_t size, size_t align, bool zero)
{
    struct request r = request(size, align, zero);
    unit_map was;
    lock_take(RANK_STRIPS);
    uint8_t *p = carve_best(&r, was);
    lock_give(RANK_STRIPS);
    return finish(p, &r, was);
}

void *strip_alloc_new(size_t size, size_t align, bool zero)
{
    struct request r = request(size, align, zero);
    unit_map was;
    bool dirty;
    struct large *l = strip_map(r.units, &dirty);
    if (!l)
        return NULL;
    lock_take(RANK_STRIPS);
    struct strip *s = strip_enter(l, dirty);
    uint8_t *p = s ? carve(s, &r, was) : NULL;
    lock_give(RANK_STRIPS);
    if (!s)
        kept_return(l);
    return finish(p, &r, was);
}

/* --- Free and resize -----------------------------------------------------------------------------*/

/* The block of S at unit I is free. Lock held. */
static void release(struct strip *s, unsigned i, uint64_t now_ms)
{
    unsigned n = strip_end_of(s, i) - i;
    unit_clear(s->used, i, n);
    unit_clear(s->start, i, 1);
    unit_set(s->freed, i, 1);
    s->used_units = (uint16_t)(s->used_units - n);
    s->blocks--;
    s->freed_ms = now_ms;
    strips.used -= n;
    strips.blocks--;
    usage_sub(USAGE_IN_USE, (size_t)n * STRIP_UNIT);
    strip_set_idle(s, s->idle + strip_idle_around(s, i, n));
    unsigned run = unit_next(s->used, i + n, s->units, false) - run_begin(s, i);
    strip_rebin(s, greater(s->longest, run));
    if (!s->purging)
        strip_age(s, true);
}

bool strip_free(void *p)
{
    unsigned i;
    uint64_t now_ms = clock_now_ms();
    struct large *l = NULL;
    struct strip_work work;
    lock_take(RANK_STRIPS);
    struct strip *s = find_block(p, &i);
    if (s)
        release(s, i, now_ms);
    if (s && s->used_units == 0 && !s->purging)
        l = strip_leave(s);
    bool any = s && strip_collect_excess(&work, now_ms);
    lock_give(RANK_STRIPS);
    if (l)
        kept_return(l);
    if (any)
        strip_purge(&work, now_ms);
    return s != NULL;
}

size_t strip_size(const void *p)
{
    unsigned i;
    lock_take(RANK_STRIPS);
    const struct strip *s = find_block(p, &i);
    size_t size = s ? (size_t)(strip_end_of(s, i) - i) * STRIP_UNIT : 0;
    lock_give(RANK_STRIPS);
    return size;
}

bool strip_extend(void *p, size_t size)
{
    unsigned i, n = (unsigned)(round_up(size, STRIP_UNIT) / STRIP_UNIT);
    lock_take(RANK_STRIPS);
    struct strip *s = find_block(p, &i);
    unsigned end = s ? strip_end_of(s, i) : 0;
    bool fits = s && (i + n <= end ||
                      (!s->purging && i + n <= s->units && unit_next(s->used, end, i + n, false) == i + n));
    if (fits && i + n > end) {
        take_units(s, end, i + n - end, s->longest);
        strip_rebin(s, strip_longest(s));
    }
    lock_give(RANK_STRIPS);
    return fits;
}

bool strip_was_block(const void *p)
{
    unsigned i;
    lock_take(RANK_STRIPS);
    const struct strip *s = find(p, &i);
    bool was = s && unit_bit(s->freed, i);
    lock_give(RANK_STRIPS);
    return was;
}

/* --- Insight -------------------------------------------------------------------------------------*/

void strip_totals(struct strip_totals *out)
{
    lock_take(RANK_STRIPS);
    *out = (struct strip_totals){strips.units * STRIP_UNIT, strips.used * STRIP_UNIT,
                                 strips.idle * STRIP_UNIT, strips.blocks, load_relaxed(&strips.count)};
    lock_give(RANK_STRIPS);
}

/* The strip that REGION tells of, if it is at BASE; else NULL. Lock held. */
static const struct strip *strip_at(const struct region *region, const void *base)
{
    const struct strip *s = CONTAINER_OF(region, struct strip, region);
    return s->units && s->base == base ? s : NULL;
}

unsigned strip_walk(const struct region *region, const void *base, unsigned *next, struct strip_block *out,
                    unsigned most)
{
    unsigned n = 0;
    lock_take(RANK_STRIPS);
    const struct strip *s = strip_at(region, base);
    unsigned end = s ? s->units : 0, at = s ? unit_next(s->start, *next, end, false) : end;
    for (; at < end && n < most; at = unit_next(s->start, *next, end, false)) {
        *next = strip_end_of(s, at);
        out[n++] = (struct strip_block){s->base + (size_t)at * STRIP_UNIT, (size_t)(*next - at) * STRIP_UNIT};
    }
    lock_give(RANK_STRIPS);
    return n;
}

size_t strip_used(const struct region *region, const void *base, uint64_t used[STRIP_WORDS])
{
    lock_take(RANK_STRIPS);
    const struct strip *s = strip_at(region, base);
    if (s)
        memcpy(used, s->used, sizeof(unit_map));
    size_t size = s ? (size_t)s->units * STRIP_UNIT : 0;
    lock_give(RANK_STRIPS);
    return size;
}

static void check_one(const struct strip *s, unsigned bin, void (*fault)(const char *what, const void *where))
{
    unsigned n = s->units;
    if (s->longest != bin || strip_longest(s) != bin)
        fault("strip in the wrong bin", s->base);
    if (unit_count(s->used, 0, n) != s->used_units || unit_count(s->start, 0, n) != s->blocks)
        fault("strip miscounted", s->base);
    for (unsigned w = 0; w < STRIP_WORDS; w++)
        if ((s->start[w] & ~s->used[w]) || (s->used[w] & ~s->dirty[w]) || (s->used[w] & s->freed[w]))
            fault("units of a strip contradict each other", s->base);
    for (unsigned i = 0; i < n; i += GRANULE_UNITS)
        if (classmap_get(s->base + (size_t)i * STRIP_UNIT) != CLASS_STRIP)
            fault("granule of a strip not in the class map", s->base);
    if (classmap_region(s->base) != &s->region || s->used_units == 0 || (s->idle != 0) == list_empty(&s->age))
        fault("strip not where it belongs", s->base);
    unsigned idle = 0, page = (unsigned)(os_page_size() / STRIP_UNIT);
    for (unsigned i = 0; i < n; i += page)
        idle += unit_count(s->used, i, page) ? 0 : strip_idle_around(s, i, page);
    if (s->idle != idle)
        fault("free pages of a strip miscounted", s->base);
}

/* All that are linked by age are in that order. Lock held. */
static void check_ages(void (*fault)(const char *what, const void *where))
{
    uint64_t later = UINT64_MAX;
    LIST_EACH (l, &strips.age) {
        const struct strip *s = CONTAINER_OF(l, struct strip, age);
        if (s->freed_ms > later)
            fault("strips not in the order of their age", s->base);
        later = s->freed_ms;
    }
}

void strip_check(void (*fault)(const char *what, const void *where))
{
    size_t used = 0, blocks = 0, idle = 0, units = 0;
    lock_take(RANK_STRIPS);
    size_t purging = load_relaxed(&strips.count); /* those in no bin */
    for (unsigned i = 0; i <= STRIP_UNITS; i++) {
        LIST_EACH (l, &strips.bin[i]) {
            purging--;
            const struct strip *s = CONTAINER_OF(l, struct strip, link);
            check_one(s, i, fault);
            used += s->used_units, blocks += s->blocks, idle += s->idle, units += s->units;
        }
        if (unit_bit(strips.bins, i) == list_empty(&strips.bin[i]))
            fault("bin of strips not marked", &strips.bin[i]);
    }
    bool same =
        used == strips.used && blocks == strips.blocks && idle == strips.idle && units == strips.units;
    if (!purging && !same)
        fault("strips miscounted", &strips);
    check_ages(fault);
    lock_give(RANK_STRIPS);
}
