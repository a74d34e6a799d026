/* SPDX-License-Identifier: MIT */
/* insight/walk.c - every live block.
 *
 * Regions are found without a lock. The blocks of one slab are read under the lock of its class, and
 * told after it is released; those of the startup granule and of strips in batches. A long span or large
 * mapping is live where its class byte says so: free claims it there. */
#include "insight/walk.h"

#include "base/os.h"
#include "memory/granules.h"
#include "memory/guard.h"
#include "memory/large.h"
#include "memory/pool.h"
#include "memory/strip.h"
#include "cache/startup.h"
#include "heap/checked.h"
#include "heap/heap.h"

/* By the word: a table, open, half full at most. */
enum { SLACK = 1024 }; /* groups that threads begin while they are counted */
struct waiting {
    struct group *group;
    size_t places, taken; /* places: a power of two, or 0 */
};

struct walk {
    int (*each)(void *block, size_t size, void *arg);
    void *arg;
    bool checked;
    struct waiting waiting;
};

static int tell(const struct walk *w, void *p, size_t size, unsigned c)
{
    return w->each(p, w->checked ? checked_peek(p, size, c) : size, w->arg);
}

static int walk_startup(const struct walk *w)
{
    struct startup_block block[64];
    unsigned next = 0, n;
    int result = 0;
    while (!result && (n = startup_walk(&next, block, 64)) != 0)
        for (unsigned i = 0; i < n && !result; i++)
            result = tell(w, block[i].p, block[i].size, CLASS_STARTUP);
    return result;
}

/* --- Blocks that wait to go home -------------------------------------------------------------------------
 *
 * They are not marked as free. Those that wait when the walk begins are not told: all others were live then,
 * or come meanwhile. So the caches, of which there may be thousands, are looked at once, not for each
 * slab. */

static void count_group(uintptr_t word, uint64_t mask, void *arg)
{
    (void)word;
    *(size_t *)arg += mask != 0;
}

static void count_cache(const struct tcache *tc, void *arg)
{
    gather_each(gather_of(tc), count_group, arg);
}

/* The place of WORD in the table, or a free one. */
static struct group *place_of(const struct waiting *w, uintptr_t word)
{
    size_t i = (size_t)((word ^ word >> GRANULE_SHIFT) * 0x9e3779b97f4a7c15u >> 20);
    while (w->group[i & (w->places - 1)].mask && w->group[i & (w->places - 1)].word != word)
        i++;
    return &w->group[i & (w->places - 1)];
}

static void enter_group(uintptr_t word, uint64_t mask, void *arg)
{
    struct waiting *w = arg;
    if (!mask || w->taken == w->places / 2) /* who came meanwhile filled it */
        return;
    struct group *place = place_of(w, word);
    w->taken += place->mask == 0;
    place->word = word;
    place->mask |= mask;
}

static void enter_cache(const struct tcache *tc, void *arg)
{
    gather_each(gather_of(tc), enter_group, arg);
}

/* Where the system refuses memory for the table, the blocks are told. */
static void find_waiting(struct waiting *w)
{
    size_t groups = 0;
    *w = (struct waiting){0};
    thread_each(count_cache, &groups);
    thread_each_forgotten(count_cache, &groups);
    if (!groups)
        return;
    size_t places = (size_t)4 << log2_floor(2 * groups + SLACK);
    struct os_error before = os_error; /* no reason why an allocation failed */
    w->group = os_map(places * sizeof *w->group, os_page_size(), NULL, true);
    os_error = before;
    if (!w->group)
        return;
    w->places = places;
    thread_each(enter_cache, w);
    thread_each_forgotten(enter_cache, w);
}

static void forget_waiting(struct waiting *w)
{
    if (w->places)
        (void)os_unmap(w->group, w->places * sizeof *w->group);
}

static int walk_slab(const struct walk *w, const struct slab *slab, uint8_t *base)
{
    uint64_t live[SLAB_WORDS];
    unsigned c = pool_live(slab, base, live);
    int result = 0;
    for (unsigned word = 0; c != CLASS_NONE && word < SLAB_WORDS; word++) {
        uint64_t bits = live[word];
        if (bits && w->waiting.places)
            bits &= ~place_of(&w->waiting, (uintptr_t)base | word)->mask;
        for (; bits && !result; bits &= bits - 1) {
            size_t i = word * 64 + (unsigned)__builtin_ctzll(bits);
            result = tell(w, base + i * class_size(c), class_size(c), c);
        }
    }
    return result;
}

static int walk_superslab(const struct walk *w, const struct superslab *ss, uint8_t *base)
{
    int result = 0;
    for (unsigned i = 0; i < GRANULES && !result; i++) {
        uint8_t *granule = base + ((size_t)i << GRANULE_SHIFT);
        unsigned c = classmap_get(granule);
        size_t size = class_is_span(c) ? granules_live_span(granule) : 0;
        if (size)
            result = tell(w, granule, size, c);
        else if (c != CLASS_NONE && c < CLASSES)
            result = walk_slab(w, &ss->slab[i], granule);
    }
    return result;
}

static int walk_strip(const struct walk *w, const struct region *region, const void *base)
{
    struct strip_block block[64];
    unsigned next = 0, n;
    int result = 0;
    while (!result && (n = strip_walk(region, base, &next, block, 64)) != 0)
        for (unsigned i = 0; i < n && !result; i++)
            result = tell(w, block[i].p, block[i].size, CLASS_STRIP);
    return result;
}

static int walk_guards(const struct walk *w)
{
    void *p;
    size_t size;
    unsigned next = 0;
    int result = 0;
    while (!result && guard_walk(&next, &p, &size))
        result = tell(w, p, size, CLASS_GUARD);
    return result;
}

static int walk_large(const struct walk *w, const struct region *region, char *base)
{
    struct large_range range = large_range(region);
    bool live = range.base == base && classmap_get(base) == CLASS_LARGE;
    return live ? tell(w, base, range.size, CLASS_LARGE) : 0;
}

int walk_blocks(int (*each)(void *block, size_t size, void *arg), void *arg)
{
    struct walk w = {each, arg, load_relaxed(&heap_mode) == HEAP_CHECKED, {0}};
    struct region *region;
    find_waiting(&w.waiting);
    int result = walk_startup(&w);
    for (uintptr_t at = 0; !result && (region = classmap_next(&at)) != NULL; at += SUPERSLAB)
        if (region->kind == REGION_SUPERSLAB)
            result = walk_superslab(&w, CONTAINER_OF(region, struct superslab, region), (uint8_t *)at);
        else if (region->kind == REGION_STRIP)
            result = walk_strip(&w, region, (const void *)at);
        else if (region->kind == REGION_GUARD)
            result = walk_guards(&w);
        else
            result = walk_large(&w, region, (char *)at);
    forget_waiting(&w.waiting);
    return result;
}
