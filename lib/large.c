/* SPDX-License-Identifier: MIT */
/* large.c - requests above 1 MiB: mappings of their own (floor F4).
 *
 * The LARGE lock guards the three lists and all descriptors in them. System calls are made
 * unlocked, on mappings whose descriptor is in no list. */
#include "large.h"

#include <string.h>

#include "classmap.h"
#include "counters.h"
#include "list.h"
#include "lock.h"
#include "meta.h"
#include "os.h"
#include "policy.h"

enum {
    CACHED_MAX = 16,   /* mappings in the cache: a linear search stays short */
    FIT_SHIFT = 3,     /* a cached mapping may be larger than the request by an eighth */
    GROWTH_SHIFT = 2,  /* a resize asks for a quarter more address space */
    UNMAP_BATCH = CACHED_MAX
};

struct large {
    struct region region;
    char *base;
    size_t size;
    uint64_t freed_ms;
    struct list link; /* live, cached (latest first) or spare */
};

static struct larges {
    struct lock lock;
    bool ready;
    struct list live, cached, spare;
    size_t live_bytes, cached_bytes, live_count, cached_count;
} larges = {.lock = LOCK_INIT(RANK_LARGE)};

static void take_lock(void)
{
    lock_take(&larges.lock);
    if (LIKELY(larges.ready))
        return;
    list_init(&larges.live);
    list_init(&larges.cached);
    list_init(&larges.spare);
    larges.ready = true;
}

static void give_lock(void)
{
    lock_give(&larges.lock);
}

static size_t mapping_size(size_t size)
{
    /* A granule at least: the class byte then speaks of nobody else's memory. */
    return max_size(GRANULE, round_up(size, os_page_size()));
}

/* Lock held. */
static struct large *new_descriptor(void)
{
    struct large *l;
    if (list_empty(&larges.spare)) {
        l = meta_alloc(sizeof *l);
        if (l) {
            l->region.kind = REGION_LARGE;
            list_init(&l->link);
        }
        return l;
    }
    l = LIST_FIRST(&larges.spare, struct large, link);
    list_remove(&l->link);
    return l;
}

/* Enter a mapping as live. Lock held; the leaf of the class map exists. */
static void enter(struct large *l)
{
    list_push_front(&larges.live, &l->link);
    larges.live_bytes += l->size;
    larges.live_count++;
    classmap_set_region(l->base, &l->region);
    classmap_set(l->base, 1, CLASS_LARGE);
}

/* The opposite. */
static void leave(struct large *l)
{
    classmap_set(l->base, 1, CLASS_NONE);
    classmap_set_region(l->base, NULL);
    list_remove(&l->link);
    larges.live_bytes -= l->size;
    larges.live_count--;
}

/* The live descriptor of P, or NULL. Lock held. */
static struct large *find(const void *p)
{
    if (classmap_get(p) != CLASS_LARGE)
        return NULL;
    struct region *region = classmap_region(p);
    if (!region || region->kind != REGION_LARGE)
        return NULL;
    struct large *l = CONTAINER_OF(region, struct large, region);
    return l->base == p ? l : NULL;
}

/* --- The cache -----------------------------------------------------------------------------------*/

static void uncache(struct large *l)
{
    list_remove(&l->link);
    larges.cached_bytes -= l->size;
    larges.cached_count--;
}

/* The smallest cached mapping that fits, taken out. Lock held. */
static struct large *take_cached(size_t size, size_t align)
{
    struct large *best = NULL;
    for (struct list *i = larges.cached.next; i != &larges.cached; i = i->next) {
        struct large *l = CONTAINER_OF(i, struct large, link);
        if (l->size >= size && l->size - size <= size >> FIT_SHIFT && ((uintptr_t)l->base & (align - 1)) == 0 &&
            (!best || l->size < best->size))
            best = l;
    }
    if (best)
        uncache(best);
    return best;
}

/* Move to OUT what exceeds the limits or was freed before BEFORE_MS, oldest first. Lock held. */
static unsigned evict(struct large **out, size_t keep_bytes, uint64_t before_ms)
{
    unsigned n = 0;
    while (n < UNMAP_BATCH && !list_empty(&larges.cached)) {
        struct large *oldest = LIST_LAST(&larges.cached, struct large, link);
        if (larges.cached_bytes <= keep_bytes && larges.cached_count <= CACHED_MAX &&
            oldest->freed_ms >= before_ms)
            break;
        uncache(oldest);
        out[n++] = oldest;
    }
    return n;
}

/* Unmap; what the system refuses to take loses its pages at least. Called unlocked. */
static size_t unmap_all(struct large **list, unsigned n)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        bool unmapped = os_unmap(list[i]->base, list[i]->size) == 0;
        if (!unmapped) {
            (void)os_purge(list[i]->base, list[i]->size);
            count(COUNT_LOST_BYTES, list[i]->size);
        }
        bytes += list[i]->size;
    }
    if (n) {
        take_lock();
        for (unsigned i = 0; i < n; i++)
            list_push_front(&larges.spare, &list[i]->link);
        give_lock();
        count(COUNT_PURGED_BYTES, bytes);
    }
    return bytes;
}

size_t large_trim(void)
{
    struct large *out[UNMAP_BATCH];
    size_t bytes = 0, done;
    do {
        take_lock();
        unsigned n = evict(out, 0, UINT64_MAX);
        give_lock();
        done = unmap_all(out, n);
        bytes += done;
    } while (done);
    return bytes;
}

void large_decay(uint64_t now_ms)
{
    struct large *out[UNMAP_BATCH];
    if (now_ms < policy.purge_delay_ms)
        return;
    take_lock();
    unsigned n = evict(out, SIZE_MAX, now_ms - policy.purge_delay_ms);
    give_lock();
    unmap_all(out, n);
}

/* --- Allocation ----------------------------------------------------------------------------------*/

/* A new mapping, not entered yet. NULL if the system refuses. */
static struct large *map_new(size_t size, size_t align)
{
    char *base = os_map(size, max_size(align, SUPERSLAB), NULL, true);
    if (!base)
        return NULL;
    struct large *l = NULL;
    if (classmap_reserve(base, size)) {
        take_lock();
        l = new_descriptor();
        give_lock();
    }
    if (!l) {
        (void)os_unmap(base, size);
        return NULL;
    }
    l->base = base;
    l->size = size;
    return l;
}

void *large_alloc(size_t size, size_t align, bool zero)
{
    size = mapping_size(size);
    take_lock();
    struct large *l = take_cached(size, align);
    give_lock();
    count(COUNT_LARGE_REUSED, l != NULL);
    if (!l)
        l = map_new(size, align);
    else if (zero && os_purge(l->base, l->size) != 0)
        memset(l->base, 0, l->size);
    if (!l)
        return NULL;
    take_lock();
    enter(l);
    give_lock();
    return l->base;
}

bool large_find(const void *p, size_t *size)
{
    take_lock();
    const struct large *l = find(p);
    if (l)
        *size = l->size;
    give_lock();
    return l != NULL;
}

bool large_free(void *p)
{
    struct large *out[UNMAP_BATCH];
    unsigned n = 0;
    take_lock();
    struct large *l = find(p);
    if (l) {
        leave(l);
        l->freed_ms = os_now_ms();
        list_push_front(&larges.cached, &l->link);
        larges.cached_bytes += l->size;
        larges.cached_count++;
        n = evict(out, policy.large_cache_bytes, 0);
    }
    give_lock();
    unmap_all(out, n);
    return l != NULL;
}

bool large_was_block(const void *p)
{
    bool was = false;
    take_lock();
    for (struct list *i = larges.cached.next; i != &larges.cached; i = i->next)
        was = was || CONTAINER_OF(i, struct large, link)->base == p;
    give_lock();
    return was;
}

/* --- Resize --------------------------------------------------------------------------------------*/

/* Move the pages of L, which is in no list, to a larger place of SIZE bytes. */
static bool move(struct large *l, size_t size)
{
    char *target = os_map(size, SUPERSLAB, NULL, false);
    if (!target)
        return false;
    if (!classmap_reserve(target, size) || os_move(l->base, l->size, size, target) != 0) {
        (void)os_unmap(target, size);
        return false;
    }
    l->base = target;
    l->size = size;
    return true;
}

static bool grow_to(struct large *l, size_t size)
{
    if (os_resize(l->base, l->size, size) == 0) {
        l->size = size;
        return true;
    }
    return move(l, size);
}

void *large_resize(void *p, size_t size)
{
    size = mapping_size(size);
    take_lock();
    struct large *l = find(p);
    if (l)
        leave(l);
    give_lock();
    if (!l)
        return NULL;
    bool done = true;
    if (size > l->size) {
        /* Address space in reserve, not memory: the next steps of a growing block find it there. */
        size_t more = size + round_up(size >> GROWTH_SHIFT, os_page_size());
        done = (more > size && grow_to(l, more)) || grow_to(l, size);
    } else if (l->size - size > l->size >> GROWTH_SHIFT && os_resize(l->base, l->size, size) == 0) {
        l->size = size;
    }
    take_lock();
    enter(l);
    give_lock();
    return done ? l->base : NULL;
}

/* --- Insight -------------------------------------------------------------------------------------*/

void large_totals(struct large_totals *out)
{
    take_lock();
    *out = (struct large_totals){larges.live_bytes, larges.cached_bytes, larges.live_count};
    give_lock();
}

void large_check(void (*fault)(const char *what, const void *where))
{
    size_t bytes = 0, live = 0, cached = 0;
    take_lock();
    for (struct list *i = larges.live.next; i != &larges.live; i = i->next) {
        const struct large *l = CONTAINER_OF(i, struct large, link);
        bytes += l->size;
        live++;
        if (classmap_get(l->base) != CLASS_LARGE || classmap_region(l->base) != &l->region)
            fault("large mapping not in the class map", l->base);
    }
    for (struct list *i = larges.cached.next; i != &larges.cached; i = i->next)
        cached++;
    if (bytes != larges.live_bytes || live != larges.live_count || cached != larges.cached_count)
        fault("large mappings miscounted", &larges);
    give_lock();
}

void large_lock_for_fork(void)
{
    take_lock();
}

void large_unlock_after_fork(void)
{
    give_lock();
}
