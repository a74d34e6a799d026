/* SPDX-License-Identifier: MIT */
/* memory/large.c - requests above 1 MiB: mappings of their own.
 *
 * The mapping freed last is parked in a slot, so that a program that allocates and frees one in turn takes no
 * lock. The slot is one word: 0 or a descriptor. Who swaps it to 0 owns the mapping; ABA is harmless, as the
 * same word means the same descriptor, parked now. The class byte of a parked mapping is 0, and is the claim
 * of free as for spans (span.c).
 *
 * A parked mapping stays in the list of live ones and in live_bytes, live_count and USAGE_IN_USE: to take it
 * out would need the lock. So whoever asks what is live subtracts it (large_totals, large_holds), what could
 * be given up counts it in (large_parked), and what gives memory back unparks it first (large_unpark): after
 * that it is kept like any other.
 *
 * The look: before it takes the parked mapping, a thread reads its base and size to see whether it fits.
 * Another thread may take it meanwhile, use it, resize it, unmap it. The descriptor is still one, as they are
 * never unmapped, so the look reads old or new words, no foreign ones. Then it swaps, and looks once more:
 * now the mapping is its own and nobody changes it. What does not fit then is parked again, or released.
 *
 * The LARGE lock guards the three lists and all descriptors in them. System calls are made unlocked, on
 * mappings whose descriptor is in no list. What is freed is kept by kept.c. */
#include "memory/large.h"

#include <string.h>

#include "base/clock.h"
#include "base/gate.h"
#include "base/layout.h"
#include "base/os.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "events/usage.h"
#include "memory/kept.h"
#include "memory/moving.h"

enum {
    FIT_SHIFT = 3,   /* a mapping may be larger than the request by an eighth */
    GROWTH_SHIFT = 2 /* a resize asks for a quarter more address space */
};

static size_t mapping_size(size_t size)
{
    /* A granule at least: the class byte then speaks of nobody else's memory. */
    return max_size(GRANULE, round_up(size, os_page_size()));
}

/* --- What was a block ------------------------------------------------------------------------------*/

/* Where the blocks freed last began, whose mappings may have gone, moved or become parts of others: a second
 * free of one is named for what it is. By the LARGE lock. */
enum { FORMER_MOST = 64 };
static struct {
    const void *base[FORMER_MOST];
    unsigned next;
} former;

static void note_former(const void *base)
{
    former.base[former.next++ % FORMER_MOST] = base;
}

static bool is_former(const void *p)
{
    bool is = false;
    for (unsigned i = 0; i < FORMER_MOST; i++)
        is |= former.base[i] == p;
    return is;
}

/* --- What is live ----------------------------------------------------------------------------------*/

/* Enter a mapping as live. Lock held; the leaf of the class map exists. */
static void enter(struct large *l)
{
    list_push_front(&larges.live, &l->link);
    larges.live_bytes += l->size;
    usage_add(USAGE_IN_USE, l->size);
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
    usage_sub(USAGE_IN_USE, l->size);
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

/* The look (see above): `base` may be that of another moment than `size`. The answer decides only whether to
 * swap, and is asked again of the mapping that was taken. */
static NO_TSAN bool fits(const struct large *l, size_t size, size_t most, size_t align)
{
    size_t have = load_relaxed(&l->size);
    return have >= size && have <= most && ((uintptr_t)l->base & (align - 1)) == 0;
}

static size_t most_for(size_t size)
{
    return size + (size >> FIT_SHIFT);
}

/* L, live or parked and claimed, is free. The clock is read before the lock is taken, the system calls come
 * after it: OUT is in no list by then. */
static void release(struct large *l)
{
    struct large *out[CACHED_MOST];
    uint64_t now_ms = clock_now_ms();
    lock_take(RANK_LARGE);
    leave(l);
    note_former(l->base);
    l->freed_ms = now_ms;
    unsigned n = kept_put(l, out);
    lock_give(RANK_LARGE);
    mapping_drop(out, n);
}

/* A hint: the mapping may have gone, and its descriptor serves another by now. */
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

void large_decay(uint64_t now_ms)
{
    if (now_ms < policy(purge_delay_ms))
        return;
    if (now_ms - load_relaxed(&parked_ms) >= policy(purge_delay_ms))
        large_unpark();
    kept_decay(now_ms);
}

/* --- Allocation ----------------------------------------------------------------------------------*/

/* The parked mapping, if it serves the request; it is live again. Outside the gate: see large_park. */
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

void *large_reuse(size_t size)
{
    struct large *l = reuse_parked(size, MIN_ALIGN);
    if (!l)
        return NULL;
    count(COUNT_LARGE_REUSED, 1);
    count(COUNT_LARGE_ALLOCS, 1);
    return l->base;
}

/* A mapping for SIZE bytes made of kept pages and new ones: the longest row that is kept, and what is wanting
 * behind it, or all at a new place; then whole units of other kept mappings in the place of new ones. In no
 * list. NULL where nothing is kept, or the system refuses. */
static struct large *piece_together(size_t size, size_t align)
{
    if (usage_of(USAGE_KEPT_LARGE) < MOVE_UNIT)
        return NULL;
    size_t whole = round_up(size, MOVE_UNIT), from = 0; /* what is too much of the last unit is kept again */
    struct large *l = kept_begin(whole, align);
    if (l) {
        from = l->size;
        if (!mapping_extend(l, whole - from)) {
            kept_return(l);
            l = NULL;
            from = 0;
        }
    }
    if (!l)
        l = mapping_new(whole, align);
    if (l && !kept_recycle(l, from, whole)) {
        mapping_drop(&l, 1);
        l = NULL;
    }
    return l;
}

/* A mapping for SIZE bytes that lives nowhere yet. NULL if the system refuses. */
static struct large *make(size_t size, size_t align, bool zero)
{
    large_unpark(); /* it does not fit as it is, but its pages are warm: kept_take may make it fit */
    struct large *l = kept_take(size, align);
    count(COUNT_LARGE_REUSED, l != NULL);
    bool kept = l != NULL;
    if (!l && !zero)
        l = piece_together(size, align);
    if (!l) {
        kept_needed(size);
        return mapping_new(size, align);
    }
    if (l->size > most_for(size))
        kept_shorten(l, size);
    if (!classmap_reserve(l->base, GRANULE)) {
        kept_return(l);
        return NULL;
    }
    if (zero && kept && os_purge(l->base, l->size) != 0)
        memset(l->base, 0, l->size);
    return l;
}

void *large_alloc(size_t size, size_t align, bool zero)
{
    size = mapping_size(size);
    struct large *l = reuse_parked(size, align);
    if (l) {
        count(COUNT_LARGE_REUSED, 1);
        if (zero && os_purge(l->base, l->size) != 0)
            memset(l->base, 0, l->size);
        return l->base;
    }
    l = make(size, align, zero);
    if (!l)
        return NULL;
    lock_take(RANK_LARGE);
    enter(l);
    lock_give(RANK_LARGE);
    return l->base;
}

bool large_find(const void *p, size_t *size)
{
    lock_take(RANK_LARGE);
    const struct large *l = find(p);
    if (l)
        *size = l->size;
    lock_give(RANK_LARGE);
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
    if (!l || load_relaxed(&l->size) > load_relaxed(&larges.retain.earned) || !mark_claim(mark, CLASS_LARGE))
        return false;
    if (!swap_word(&parked, 0, (uintptr_t)l)) {
        store_relaxed(mark, CLASS_LARGE * CLASS_MARK); /* as if nothing had been tried */
        return false;
    }
    store_relaxed(&parked_ms, clock_recent_ms());
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

/* The parked one is in the list, and free. */
bool large_holds(const void *address)
{
    bool holds = false;
    lock_take(RANK_LARGE);
    LIST_EACH (i, &larges.live) {
        const struct large *l = CONTAINER_OF(i, struct large, link);
        holds |= (uintptr_t)address - (uintptr_t)l->base < l->size && load_relaxed(&parked) != (uintptr_t)l;
    }
    lock_give(RANK_LARGE);
    return holds;
}

bool large_was_block(const void *p)
{
    lock_take(RANK_LARGE);
    const struct large *l = (const struct large *)(uintptr_t)load_relaxed(&parked);
    bool was = p && ((l && l->base == p) || is_former(p));
    LIST_EACH (i, &larges.cached)
        was = was || CONTAINER_OF(i, struct large, link)->base == p;
    lock_give(RANK_LARGE);
    return was;
}

/* --- Resize --------------------------------------------------------------------------------------*/

/* Move the pages of L, which is in no list and of one area, to a larger place of SIZE bytes. */
static bool move_at_once(struct large *l, size_t size)
{
    char *target = os_map(size, SUPERSLAB, NULL, false);
    if (!target)
        return false;
    if (!classmap_reserve(target, GRANULE) || os_move(l->base, l->size, size, target) != 0) {
        (void)os_unmap(target, size);
        return false;
    }
    l->base = target;
    l->size = size; /* the number of its area stays: what else has it is no neighbour now */
    return true;
}

/* To SIZE bytes of address space, of which ASKED are needed now. */
static bool grow_to(struct large *l, size_t size, size_t asked)
{
    size_t more = size - l->size, from = l->size;
    if (mapping_extend(l, more))
        return kept_recycle(l, from, asked);
    if ((!l->area || usage_of(USAGE_KEPT_LARGE) >= MOVE_UNIT) && mapping_move(l, size, asked))
        return true;
    if (!l->area || !usage_may_map(more))
        return false;
    if (!move_at_once(l, size)) {
        usage_unmapped(more);
        return false;
    }
    kept_needed(asked - from);
    return true;
}

/* Make L, which is in no list, SIZE bytes long: by kept mappings that follow it, and new address space with
 * kept pages from elsewhere. */
static bool grow(struct large *l, size_t size)
{
    /* Address space in reserve, not memory: the next steps of a growing block find it there. */
    size_t more = max_size(size, size + round_up(size >> GROWTH_SHIFT, os_page_size()));
    large_unpark();
    kept_absorb(l, more);
    return l->size >= size || (more > size && grow_to(l, more, size)) || l->size >= size ||
           grow_to(l, size, size);
}

void *large_resize(void *p, size_t size)
{
    size = mapping_size(size);
    lock_take(RANK_LARGE);
    struct large *l = find(p);
    if (l)
        leave(l);
    lock_give(RANK_LARGE);
    if (!l)
        return NULL;
    bool done = true;
    if (size > l->size)
        done = grow(l, size);
    else if (l->size - size > l->size >> GROWTH_SHIFT)
        kept_shorten(l, size);
    lock_take(RANK_LARGE);
    if (l->base != p)
        note_former(p);
    enter(l);
    lock_give(RANK_LARGE);
    return done ? l->base : NULL;
}

/* --- Insight -------------------------------------------------------------------------------------*/

size_t large_trim(size_t keep)
{
    return kept_trim(keep);
}

unsigned large_cached(struct large_range *out, unsigned most)
{
    unsigned n = 0;
    lock_take(RANK_LARGE);
    LIST_EACH (i, &larges.cached) {
        const struct large *l = CONTAINER_OF(i, struct large, link);
        if (n == most)
            break;
        out[n++] = (struct large_range){l->base, l->size};
    }
    lock_give(RANK_LARGE);
    return n;
}

void large_totals(struct large_totals *out)
{
    lock_take(RANK_LARGE);
    *out = (struct large_totals){larges.live_bytes, larges.cached_bytes, larges.live_count};
    const struct large *l = (const struct large *)(uintptr_t)load_relaxed(&parked);
    if (l) { /* in the list of live ones, but free */
        size_t size = min_size(l->size, out->live);
        out->live -= size;
        out->cached += size;
        out->live_count--;
    }
    lock_give(RANK_LARGE);
}

/* The descriptor is never unmapped, but may serve another mapping by now: who asks compares the base with the
 * region's address, and looks at the class byte (walk.c). */
NO_TSAN struct large_range large_range(const struct region *region)
{
    const struct large *l = CONTAINER_OF(region, struct large, region);
    return (struct large_range){l->base, load_relaxed(&l->size)};
}

void large_check(void (*fault)(const char *what, const void *where))
{
    size_t bytes = 0, live = 0;
    lock_take(RANK_LARGE);
    LIST_EACH (i, &larges.live) {
        const struct large *l = CONTAINER_OF(i, struct large, link);
        bytes += l->size;
        live++;
        unsigned mapped = classmap_get(l->base); /* 0: parked, or another thread is about to park it */
        if ((mapped != CLASS_LARGE && mapped != CLASS_NONE) || classmap_region(l->base) != &l->region)
            fault("large mapping not in the class map", l->base);
    }
    if (bytes != larges.live_bytes || live != larges.live_count)
        fault("large mappings miscounted", &larges);
    kept_check(fault);
    lock_give(RANK_LARGE);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_large[] = {
    LAYOUT_ADDRESS(larges.cached),
    LAYOUT_END,
};
