/* SPDX-License-Identifier: MIT */
/* walk.c - every live block (floor F7).
 *
 * Regions are found without a lock. The blocks of one slab are read under the lock of its class, and
 * told after it is released; those of the young granule in batches. A long span or large mapping is live
 * where its class byte says so: free claims it there. */
#include "walk.h"

#include "checked.h"
#include "heap.h"
#include "large.h"
#include "pool.h"
#include "superslab.h"
#include "young.h"

struct walk {
    int (*each)(void *block, size_t size, void *arg);
    void *arg;
    bool checked;
};

static int tell(const struct walk *w, void *p, size_t size, unsigned c)
{
    return w->each(p, w->checked ? checked_peek(p, size, c) : size, w->arg);
}

static int walk_young(const struct walk *w)
{
    struct young_block block[64];
    unsigned next = 0, n;
    int result = 0;
    while (!result && (n = young_walk(&next, block, 64)) != 0)
        for (unsigned i = 0; i < n && !result; i++)
            result = tell(w, block[i].p, block[i].size, CLASS_YOUNG);
    return result;
}

/* The blocks of one slab that wait in the caches of threads to go home: they are not marked as free. */
struct waiting {
    const uint8_t *base;
    unsigned size_class;
    uint64_t not [SLAB_WORDS];
};

static void subtract(const struct tcache *tc, void *arg)
{
    struct waiting *w = arg;
    gather_subtract(gather_of(tc), w->size_class, w->base, w->not );
}

/* Before the slab is looked at: a block that goes home in between is free there, and one that begins to wait
 * was live. */
static void find_waiting(struct waiting *w)
{
    memset(w->not, 0xff, sizeof w->not );
    thread_each(subtract, w);
    thread_each_forgotten(subtract, w);
}

static int walk_slab(const struct walk *w, const struct slab *slab, uint8_t *base)
{
    uint64_t live[SLAB_WORDS];
    struct waiting waiting = {.base = base, .size_class = classmap_get(base)};
    find_waiting(&waiting);
    unsigned c = pool_live(slab, base, live);
    int result = 0;
    for (unsigned word = 0; c != CLASS_NONE && word < SLAB_WORDS; word++)
        for (uint64_t bits = live[word] & waiting.not [word]; bits && !result; bits &= bits - 1) {
            size_t i = word * 64 + (unsigned)__builtin_ctzll(bits);
            result = tell(w, base + i * class_size(c), class_size(c), c);
        }
    return result;
}

static int walk_superslab(const struct walk *w, const struct superslab *ss, uint8_t *base)
{
    int result = 0;
    for (unsigned i = 0; i < GRANULES && !result; i++) {
        uint8_t *granule = base + ((size_t)i << GRANULE_SHIFT);
        unsigned c = classmap_get(granule);
        size_t size = class_is_span(c) ? superslab_live_span(granule) : 0;
        if (size)
            result = tell(w, granule, size, c);
        else if (c != CLASS_NONE && c < CLASSES)
            result = walk_slab(w, &ss->slab[i], granule);
    }
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
    struct walk w = {each, arg, load_relaxed(&heap_mode) == HEAP_CHECKED};
    struct region *region;
    int result = walk_young(&w);
    for (uintptr_t at = 0; !result && (region = classmap_next(&at)) != NULL; at += SUPERSLAB)
        if (region->kind == REGION_SUPERSLAB)
            result = walk_superslab(&w, CONTAINER_OF(region, struct superslab, region), (uint8_t *)at);
        else
            result = walk_large(&w, region, (char *)at);
    return result;
}
