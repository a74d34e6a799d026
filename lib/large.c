/* SPDX-License-Identifier: MIT */
/* large.c - requests above 1 MiB: mappings of their own (floor F4).
 *
 * The mapping freed last is parked in a slot, still in the list of live ones, so that a program that
 * allocates and frees one in turn takes no lock. The slot is one word: 0 or a descriptor. Who swaps
 * it to 0 owns the mapping; ABA is harmless, as the same word means the same descriptor, parked now.
 * The class byte of a parked mapping is 0, and is the claim of free as for spans (span.c).
 *
 * The LARGE lock guards the three lists and all descriptors in them. System calls are made
 * unlocked, on mappings whose descriptor is in no list. */
#include "large.h"

#include <string.h>

#include "counters.h"
#include "gate.h"
#include "layout.h"
#include "level.h"
#include "list.h"
#include "lock.h"
#include "meta.h"
#include "os.h"
#include "policy.h"

enum {
    CACHED_MAX = 16,  /* mappings in the cache: a linear search stays short */
    FIT_SHIFT = 3,    /* a mapping may be larger than the request by an eighth */
    CUT_MAX = 2,      /* a cached one that is up to this many times larger is cut */
    GROWTH_SHIFT = 2, /* a resize asks for a quarter more address space */
    UNMAP_BATCH = CACHED_MAX,
    GHOSTS = 8,
    GHOST_MS = 1000
};

struct large {
    struct region region;
    char *base;           /* as size: the look at a parked one that may be gone is verified after the take */
    _Atomic(size_t) size; /* atomic only for the look at a parked one; LARGE lock or sole owner */
    uint64_t freed_ms;
    struct list link; /* live, cached (latest first) or spare */
};

/* What is kept is earned: at first a freed mapping goes back to the system at once. Its size is
 * remembered, and if it is wanted again within GHOST_MS, so much more is kept from then on, up to
 * the policy's limit; what then waits in vain for the purge delay is unmapped and kept no more. */
struct ghost {
    size_t size;
    uint64_t ms;
};

static struct larges {
    struct lock lock;
    bool ready;
    struct list live, cached, spare;
    size_t live_bytes, cached_bytes, live_count, cached_count;
    struct ghost ghost[GHOSTS];
    unsigned next_ghost;
    _Atomic(size_t) allowed; /* bytes to keep; written under the lock, read by large_free without */
} larges;

static void take_lock(void)
{
    lock_take(&larges.lock, RANK_LARGE);
    if (LIKELY(larges.ready))
        return;
    list_init(&larges.live);
    list_init(&larges.cached);
    list_init(&larges.spare);
    larges.ready = true;
}

static void give_lock(void)
{
    lock_give(&larges.lock, RANK_LARGE);
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
    level_add(LEVEL_IN_USE, l->size);
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
    level_sub(LEVEL_IN_USE, l->size);
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

/* --- The parked mapping --------------------------------------------------------------------------*/

static _Atomic(uint64_t) parked;    /* atomic, any thread: a struct large *, or 0 */
static _Atomic(uint64_t) parked_ms; /* when; relaxed, a hint */

static struct large *unpark(void)
{
    uint64_t word = load_relaxed(&parked);
    return word && swap_word(&parked, word, 0) ? (struct large *)(uintptr_t)word : NULL;
}

static NO_TSAN bool fits(const struct large *l, size_t size, size_t most, size_t align)
{
    size_t have = load_relaxed(&l->size);
    return have >= size && have <= most && ((uintptr_t)l->base & (align - 1)) == 0;
}

static size_t most_for(size_t size)
{
    return size + (size >> FIT_SHIFT);
}

/* --- The cache -----------------------------------------------------------------------------------*/

static void uncache(struct large *l)
{
    list_remove(&l->link);
    larges.cached_bytes -= l->size;
    level_sub(LEVEL_KEPT_LARGE, l->size);
    larges.cached_count--;
}

/* The smallest cached mapping that fits, taken out. Lock held. */
static struct large *take_cached(size_t size, size_t align)
{
    struct large *best = NULL;
    for (struct list *i = larges.cached.next; i != &larges.cached; i = i->next) {
        struct large *l = CONTAINER_OF(i, struct large, link);
        if (fits(l, size, size * CUT_MAX, align) && (!best || l->size < best->size))
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

/* A mapping of SIZE bytes is to be unmapped. Lock held. */
static void remember(size_t size, uint64_t now_ms)
{
    larges.ghost[larges.next_ghost++ % GHOSTS] = (struct ghost){size, now_ms};
}

/* A mapping of SIZE bytes has to be made. Lock held. */
static void regret(size_t size, uint64_t now_ms)
{
    for (unsigned i = 0; i < GHOSTS; i++) {
        struct ghost *ghost = &larges.ghost[i];
        if (ghost->size < size || ghost->size > size * CUT_MAX || now_ms - ghost->ms > GHOST_MS)
            continue;
        store_relaxed(&larges.allowed,
                      min_size(load_relaxed(&larges.allowed) + ghost->size, policy(large_cache_bytes)));
        ghost->size = 0;
        return;
    }
}

/* Keep SIZE bytes less. Lock held. */
static void disallow(size_t size)
{
    size_t allowed = load_relaxed(&larges.allowed);
    store_relaxed(&larges.allowed, allowed > size ? allowed - size : 0);
}

/* Unmap; what the system refuses to take loses its pages at least. Called unlocked. */
static size_t unmap_all(struct large **list, unsigned n)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        bool unmapped = os_unmap(list[i]->base, list[i]->size) == 0;
        if (unmapped) {
            level_unmapped(list[i]->size);
        } else {
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

/* Move L, live or parked and claimed, to the cache, and what is too much there out of it. */
static void release(struct large *l)
{
    struct large *out[UNMAP_BATCH];
    uint64_t now_ms = os_now_ms();
    take_lock();
    leave(l);
    l->freed_ms = now_ms;
    if (l->size > load_relaxed(&larges.allowed))
        remember(l->size, l->freed_ms);
    list_push_front(&larges.cached, &l->link);
    larges.cached_bytes += l->size;
    level_add(LEVEL_KEPT_LARGE, l->size);
    larges.cached_count++;
    unsigned n = evict(out, load_relaxed(&larges.allowed), 0);
    give_lock();
    unmap_all(out, n);
}

NO_TSAN size_t large_parked(void)
{
    const struct large *l = (const struct large *)(uintptr_t)load_relaxed(&parked);
    return l ? load_relaxed(&l->size) : 0;
}

void large_unpark(void)
{
    struct large *l = unpark();
    if (l)
        release(l);
}

size_t large_trim(size_t keep)
{
    struct large *out[UNMAP_BATCH];
    size_t bytes = 0, done;
    do {
        take_lock();
        unsigned n = evict(out, keep, keep ? 0 : UINT64_MAX);
        give_lock();
        done = unmap_all(out, n);
        bytes += done;
    } while (done);
    return bytes;
}

void large_decay(uint64_t now_ms)
{
    struct large *out[UNMAP_BATCH];
    if (now_ms < policy(purge_delay_ms))
        return;
    if (now_ms - load_relaxed(&parked_ms) >= policy(purge_delay_ms))
        large_unpark();
    take_lock();
    size_t before = larges.cached_bytes;
    unsigned n = evict(out, SIZE_MAX, now_ms - policy(purge_delay_ms));
    disallow(before - larges.cached_bytes);
    give_lock();
    unmap_all(out, n);
}

/* --- Allocation ----------------------------------------------------------------------------------*/

/* A new mapping, not entered yet. NULL if the system refuses. */
static struct large *map_new(size_t size, size_t align)
{
    if (!level_may_map(size))
        return NULL;
    char *base = os_map(size, max_size(align, SUPERSLAB), NULL, true);
    if (!base) {
        level_unmapped(size);
        return NULL;
    }
    struct large *l = NULL;
    if (classmap_reserve(base, GRANULE)) {
        uint64_t now_ms = os_now_ms();
        take_lock();
        regret(size, now_ms);
        l = new_descriptor();
        give_lock();
    }
    if (!l) {
        (void)os_unmap(base, size);
        level_unmapped(size);
        return NULL;
    }
    l->base = base;
    l->size = size;
    return l;
}

/* The parked mapping, if it serves the request; it is live again. */
static struct large *reuse_parked(size_t size, size_t align)
{
    struct large *l = (struct large *)(uintptr_t)load_relaxed(&parked);
    size_t most = most_for(size);
    if (!l || !fits(l, size, most, align) || (l = unpark()) == NULL)
        return NULL;
    /* Another thread may have taken it and parked another size since the look. */
    if (single_threaded() || fits(l, size, most, align)) {
        classmap_set(l->base, 1, CLASS_LARGE);
        return l;
    }
    if (!swap_word(&parked, 0, (uintptr_t)l)) {
        gate_enter_waiting(); /* of three threads at once, one may have to wait for a fork */
        release(l);
        gate_leave();
    }
    return NULL;
}

/* Give the end of L, which is in no list, back. */
static void shrink_to(struct large *l, size_t size)
{
    if (os_resize(l->base, l->size, size) != 0)
        return;
    level_unmapped(l->size - size);
    l->size = size;
}

void *large_reuse(size_t size)
{
    struct large *l = reuse_parked(size, MIN_ALIGN);
    if (!l)
        return NULL;
    count(COUNT_LARGE_REUSED, 1);
    count(COUNT_LARGE_ALLOCS, 1);
    return l->base;
}

void *large_alloc(size_t size, size_t align, bool zero)
{
    size = mapping_size(size);
    struct large *l = reuse_parked(size, align);
    bool entered = l != NULL;
    if (!l) {
        take_lock();
        l = take_cached(size, align);
        give_lock();
    }
    count(COUNT_LARGE_REUSED, l != NULL);
    if (l && l->size > most_for(size))
        shrink_to(l, size);
    if (!l)
        l = map_new(size, align);
    else if (zero && os_purge(l->base, l->size) != 0)
        memset(l->base, 0, l->size);
    if (l && !entered) {
        take_lock();
        enter(l);
        give_lock();
    }
    return l ? l->base : NULL;
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

/* The descriptor of the large mapping that begins at P, or NULL. What is claimed then cannot change: it is
 * ours until it is parked. */
static struct large *beginning_at(const void *p)
{
    struct region *region = ((uintptr_t)p & (SUPERSLAB - 1)) == 0 ? classmap_region(p) : NULL;
    return region && region->kind == REGION_LARGE ? CONTAINER_OF(region, struct large, region) : NULL;
}

bool large_park(void *p, class_byte *mark)
{
    struct large *l = load_relaxed(&parked) == 0 ? beginning_at(p) : NULL;
    if (!l || load_relaxed(&l->size) > load_relaxed(&larges.allowed) || !mark_claim(mark, CLASS_LARGE))
        return false;
    if (!swap_word(&parked, 0, (uintptr_t)l)) {
        store_relaxed(mark, CLASS_LARGE * CLASS_MARK); /* as if nothing had been tried */
        return false;
    }
    store_relaxed(&parked_ms, os_recent_ms());
    return true;
}

bool large_free(void *p)
{
    struct large *l = beginning_at(p);
    if (!l || !classmap_claim(p, CLASS_LARGE))
        return false;
    release(l);
    return true;
}

bool large_holds(const void *address)
{
    bool holds = false;
    take_lock();
    for (struct list *i = larges.live.next; i != &larges.live && !holds; i = i->next) {
        const struct large *l = CONTAINER_OF(i, struct large, link);
        holds = (uintptr_t)address - (uintptr_t)l->base < l->size && load_relaxed(&parked) != (uintptr_t)l;
    }
    give_lock();
    return holds;
}

bool large_was_block(const void *p)
{
    take_lock();
    const struct large *l = (const struct large *)(uintptr_t)load_relaxed(&parked);
    bool was = l && l->base == p;
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
    if (!classmap_reserve(target, GRANULE) || os_move(l->base, l->size, size, target) != 0) {
        (void)os_unmap(target, size);
        return false;
    }
    l->base = target;
    l->size = size;
    return true;
}

static bool grow_to(struct large *l, size_t size)
{
    size_t more = size - l->size;
    if (!level_may_map(more))
        return false;
    if (os_resize(l->base, l->size, size) == 0) {
        l->size = size;
        return true;
    }
    if (move(l, size))
        return true;
    level_unmapped(more);
    return false;
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
    } else if (l->size - size > l->size >> GROWTH_SHIFT) {
        shrink_to(l, size);
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
    const struct large *l = (const struct large *)(uintptr_t)load_relaxed(&parked);
    if (l) { /* in the list of live ones, but free */
        size_t size = min_size(l->size, out->live);
        out->live -= size;
        out->cached += size;
        out->live_count--;
    }
    give_lock();
}

unsigned large_cached(struct large_range *out, unsigned most)
{
    unsigned n = 0;
    take_lock();
    for (struct list *i = larges.cached.next; i != &larges.cached && n < most; i = i->next) {
        const struct large *l = CONTAINER_OF(i, struct large, link);
        out[n++] = (struct large_range){l->base, l->size};
    }
    give_lock();
    return n;
}

NO_TSAN struct large_range large_range(const struct region *region)
{
    const struct large *l = CONTAINER_OF(region, struct large, region);
    return (struct large_range){l->base, load_relaxed(&l->size)};
}

void large_check(void (*fault)(const char *what, const void *where))
{
    size_t bytes = 0, live = 0, cached = 0;
    take_lock();
    for (struct list *i = larges.live.next; i != &larges.live; i = i->next) {
        const struct large *l = CONTAINER_OF(i, struct large, link);
        bytes += l->size;
        live++;
        unsigned mapped = classmap_get(l->base); /* 0: parked, or another thread is about to park it */
        if ((mapped != CLASS_LARGE && mapped != CLASS_NONE) || classmap_region(l->base) != &l->region)
            fault("large mapping not in the class map", l->base);
    }
    for (struct list *i = larges.cached.next; i != &larges.cached; i = i->next)
        cached++;
    if (bytes != larges.live_bytes || live != larges.live_count || cached != larges.cached_count)
        fault("large mappings miscounted", &larges);
    give_lock();
}

void large_each_lock(lock_visitor *visit)
{
    visit(&larges.lock);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_large[] = {
    LAYOUT_FIELD(large, region),        LAYOUT_FIELD(large, base),
    LAYOUT_FIELD(large, size),          LAYOUT_FIELD(large, link),
    LAYOUT_FIELD(larges, cached),       LAYOUT_FIELD(larges, cached_count),
    LAYOUT_FIELD(larges, live_count),   LAYOUT_FIELD(larges, live_bytes),
    LAYOUT_FIELD(larges, cached_bytes), LAYOUT_END,
};
const struct layout_row layout_at_large[] = {
    LAYOUT_ADDRESS(larges),
    LAYOUT_ADDRESS(parked),
    LAYOUT_END,
};
