/* SPDX-License-Identifier: MIT */
/* memory/arena.c - all superslabs: their lists, and growth. */
#include "memory/arena.h"

#include <errno.h>

#include "base/layout.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/os.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "events/usage.h"

struct arena arena;

void arena_begin(void)
{
    list_init(&arena.bins[0]);
    list_init(&arena.spare);
}

void arena_unbin(struct superslab *ss)
{
    list_remove(&ss->bin);
    if (list_empty(&arena.bins[ss->max_run]))
        arena.bin_mask &= ~(1ull << ss->max_run);
}

void arena_enbin(struct superslab *ss)
{
    ss->max_run = (uint8_t)mask_longest_run(ss->free_mask);
    list_push_front(&arena.bins[ss->max_run], &ss->bin);
    arena.bin_mask |= 1ull << ss->max_run;
}

void arena_set_free(struct superslab *ss, uint32_t mask)
{
    ss->free_mask = mask;
    if (mask_longest_run(mask) != ss->max_run) {
        arena_unbin(ss);
        arena_enbin(ss);
    }
}

struct superslab *arena_best_fit(unsigned run)
{
    uint64_t bins = arena.bin_mask >> run << run;
    return bins ? LIST_FIRST(&arena.bins[__builtin_ctzll(bins)], struct superslab, bin) : NULL;
}

void arena_enter(struct superslab *ss)
{
    list_push_back(&arena.all, &ss->all);
    arena.superslabs++;
    arena.granules += ss->opened;
    arena.closed += superslab_can_grow(ss);
}

void arena_remove(struct superslab *ss)
{
    list_remove(&ss->all);
    arena.superslabs--;
    arena.granules -= ss->opened;
    arena.closed -= superslab_can_grow(ss);
}

/* Descriptors are set up when first needed, to keep their pages untouched. `base` each time: the descriptor
 * of a superslab that was unmapped serves the next one, elsewhere. */
struct slab *arena_slab_at(struct superslab *ss, unsigned i)
{
    struct slab *slab = &ss->slab[i];
    if (!slab->base) {
        list_init(&slab->link);
        list_init(&slab->age);
        slab->index = (uint8_t)i;
    }
    slab->base = ss->base + ((size_t)i << GRANULE_SHIFT);
    return slab;
}

void arena_set_prewarmed(size_t slabs)
{
    usage_sub(USAGE_PREWARMED, arena.prewarmed * GRANULE);
    arena.prewarmed = slabs;
    usage_add(USAGE_PREWARMED, slabs * GRANULE);
}

void arena_unlink_empty(struct slab *slab)
{
    list_remove(&slab->link);
    list_remove(&slab->age);
    arena.empties--;
    if (UNLIKELY(arena.prewarmed > arena.empties)) /* used up */
        arena_set_prewarmed(arena.empties);
    usage_sub(USAGE_KEPT_SLABS, GRANULE);
}

void arena_mark_empty(struct superslab *ss, struct slab *slab, uint64_t now_ms)
{
    slab->state = SLAB_EMPTY;
    slab->emptied_ms = (uint32_t)now_ms;
    list_push_front(&arena.empty[slab->size_class], &slab->link);
    list_push_front(&arena.by_age, &slab->age);
    arena.empties++;
    usage_add(USAGE_KEPT_SLABS, GRANULE);
    ss->dirty_mask |= 1u << slab->index;
}

/* --- Growth --------------------------------------------------------------------------------------*/

enum {
    FIRST_PART = 8, /* granules of the first superslab that are mapped at once; small programs need no more */
    STEP_PART = 8   /* of another, where memory is tight */
};

/* A descriptor without memory, all of it CLOSED. ARENA lock held. */
static struct superslab *new_descriptor(void)
{
    struct superslab *ss;
    if (!list_empty(&arena.spare)) {
        ss = LIST_FIRST(&arena.spare, struct superslab, all);
        list_remove(&ss->all);
        return ss;
    }
    ss = meta_alloc(sizeof *ss);
    if (ss) {
        ss->region.kind = REGION_SUPERSLAB;
        list_init(&ss->bin);
    }
    return ss;
}

/* Describe the superslab at BASE, of which OPENED granules are mapped; ARENA lock held. False without
 * memory for the descriptor. */
static bool describe(uint8_t *base, unsigned opened, bool huge)
{
    struct superslab *ss = new_descriptor();
    if (!ss)
        return false;
    ss->base = base;
    ss->opened = (uint8_t)opened;
    ss->growing = ss->sealed = false;
    store_relaxed(&ss->huge, huge);
    ss->free_mask = open_mask(ss);
    ss->dirty_mask = ~open_mask(ss);
    for (unsigned i = 0; i < opened; i++)
        ss->slab[i].state = SLAB_UNUSED;
    arena_enter(ss);
    arena_enbin(ss);
    classmap_set_region(base, &ss->region);
    arena.superslabs_peak = max_size(arena.superslabs_peak, arena.superslabs);
    if (!arena.lowest || base < arena.lowest)
        arena.lowest = base;
    return true;
}

/* Enter N superslabs at BASE, OPENED granules of each mapped. What cannot be described is unmapped. */
static bool enter(uint8_t *base, size_t n, unsigned opened, bool huge)
{
    size_t described = 0, each = (size_t)opened << GRANULE_SHIFT;
    if (classmap_reserve(base, n * each)) {
        lock_take(RANK_ARENA);
        while (described < n && describe(base + described * each, opened, huge))
            described++;
        lock_give(RANK_ARENA);
    }
    /* They were mapped by one call, and are unmapped one by one: so many mappings more, and one for the
     * rest. */
    os_note_pieces(described - (described == n));
    if (described < n) {
        (void)os_unmap(base + described * each, (n - described) * each);
        usage_unmapped((n - described) * each);
    }
    count(COUNT_STAGE_NEW, described);
    return described != 0;
}

static uint8_t *below(uint8_t *address, size_t size)
{
    return (uintptr_t)address > size ? address - size : NULL;
}

/* Map a quarter of what there is, one at least, below the lowest superslab: neighbours merge into one mapping
 * of the kernel's, of which it allows 65,530. A step that is refused is tried at half its size, down to
 * one. */
static bool map_more(uint8_t *lowest, size_t superslabs)
{
    size_t n = max_size(1, min_size(superslabs / 4, policy(growth_max)));
    uint8_t *base = NULL;
    for (; n && !base; n = base ? n : n / 2) {
        if (!usage_may_map(n * SUPERSLAB))
            continue;
        base = os_map(n * SUPERSLAB, SUPERSLAB, below(lowest, n * SUPERSLAB), true);
        if (!base)
            usage_unmapped(n * SUPERSLAB);
    }
    if (!base) {
        count(COUNT_MAP_REFUSED, 1);
        return false;
    }
    enum policy_huge huge = policy(huge);
    bool ask = huge == HUGE_GROWTH;
    if (ask)
        ask = os_huge(base, n * SUPERSLAB) == 0;
    else if (huge == HUGE_NEVER)
        os_no_huge(base, n * SUPERSLAB);
    return enter(base, n, GRANULES, ask);
}

/* SIZE bytes, less than a superslab, at a boundary of one: at HINT, else near to what the kernel chose
 * instead. That is one end of a gap between mappings: the boundary below it lies in the gap where the kernel
 * fills it from above, the one above it where it does from below. Otherwise os_map asks for more and unmaps
 * what is too much, which limits on address space may refuse. */
static uint8_t *map_at_boundary(uint8_t *hint, size_t size)
{
    for (int i = 0; i < 3; i++) {
        uint8_t *p = os_map(size, os_page_size(), hint, true);
        if (!p || ((uintptr_t)p & (SUPERSLAB - 1)) == 0)
            return p;
        (void)os_unmap(p, size);
        hint = (uint8_t *)(i == 0 ? round_down((uintptr_t)p, SUPERSLAB) : round_up((uintptr_t)p, SUPERSLAB));
    }
    return os_map(size, SUPERSLAB, NULL, true);
}

/* Where the first superslab should lie: what is mapped by then lies above the thread's block of thread-local
 * data, mostly. Two superslabs of room are left between, for what a small program maps next: it would take
 * the addresses behind the first superslab, which is mapped in parts, and the rest could not be opened in
 * place. In a static program that block lies beside its data, far from the stack and from what is mapped (the
 * test below): there the kernel chooses. */
static uint8_t *first_place(void)
{
    uintptr_t stack = (uintptr_t)__builtin_frame_address(0), local = os_thread();
    bool mapped = local < stack && stack - local < stack / 16;
    return mapped ? (uint8_t *)round_down(local, SUPERSLAB) - 2 * SUPERSLAB : NULL;
}

/* Map the first GRANULES_WANTED granules of a superslab, or fewer. What follows them is left to others:
 * limits and mlockall count what is mapped, used or not. It is opened later, if it is free by then. */
static bool map_part(uint8_t *lowest, unsigned granules_wanted)
{
    uint8_t *hint = lowest ? below(lowest, SUPERSLAB) : first_place();
    for (unsigned n = granules_wanted; n; n /= 2) {
        size_t size = (size_t)n << GRANULE_SHIFT;
        if (!usage_may_map(size))
            continue;
        uint8_t *base = map_at_boundary(hint, size);
        if (!base)
            usage_unmapped(size);
        else if (enter(base, 1, n, false)) /* else it left no room for what describes it */
            return true;
    }
    return false;
}

static struct superslab *find_closed(void)
{
    for (struct list *l = arena.all.prev; arena.closed && l != &arena.all; l = l->prev) {
        struct superslab *ss = CONTAINER_OF(l, struct superslab, all);
        if (superslab_can_grow(ss))
            return ss;
    }
    return NULL;
}

/* Map granules of SS behind those that it has: N of them, or fewer where the system refuses so many. How
 * many; *TAKEN, if there are none because somebody else is there: then fewer would not fit either. Called
 * unlocked: SS is pinned, and `growing` keeps other threads from the same granules. */
static unsigned map_behind(const struct superslab *ss, unsigned from, unsigned n, bool *taken)
{
    for (*taken = false; n && !*taken; n /= 2) {
        size_t size = (size_t)n << GRANULE_SHIFT;
        if (!usage_may_map(size))
            continue;
        if (os_map_at(ss->base + ((size_t)from << GRANULE_SHIFT), size))
            return n;
        *taken = os_error.code == EEXIST;
        usage_unmapped(size);
    }
    return 0;
}

/* The granules [from, from + n) of SS are mapped. ARENA lock held. */
static void open_granules(struct superslab *ss, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++)
        ss->slab[i].state = SLAB_UNUSED;
    ss->opened = (uint8_t)(from + n);
    ss->dirty_mask &= ~mask_run(from, n);
    arena_set_free(ss, ss->free_mask | mask_run(from, n));
    arena.granules += n;
}

/* The lock is given up around the system calls: SS is pinned, so that nobody unmaps it, and `growing`, so
 * that nobody else opens it. It may have got other blocks, and free ones, meanwhile: its masks are changed,
 * not set. */
bool arena_open(struct superslab *ss)
{
    bool tight = policy(growth_step) != SUPERSLAB;
    unsigned from = ss->opened, n = (unsigned)min_size(tight ? STEP_PART : GRANULES, GRANULES - from);
    ss->pinned++; /* still mapped when it is extended */
    arena.closed -= superslab_can_grow(ss);
    ss->growing = true;
    lock_give(RANK_ARENA);
    bool taken;
    n = map_behind(ss, from, n, &taken);
    if (n && from + n == GRANULES && policy(huge) == HUGE_NEVER)
        os_no_huge(ss->base, SUPERSLAB); /* elsewhere pages in use are in the way of a huge one */
    lock_take(RANK_ARENA);
    ss->pinned--;
    ss->growing = false;
    ss->sealed = taken;
    if (n)
        open_granules(ss, from, n);
    arena.closed += superslab_can_grow(ss);
    return n != 0;
}

bool arena_grow(void)
{
    lock_take(RANK_ARENA);
    uint8_t *lowest = arena.lowest;
    size_t superslabs = arena.superslabs;
    struct superslab *closed = find_closed();
    bool opened = closed && arena_open(closed);
    lock_give(RANK_ARENA);
    if (opened)
        return true;
    if (!lowest)
        return map_part(NULL, FIRST_PART);
    return (policy(growth_step) == SUPERSLAB && map_more(lowest, superslabs)) || map_part(lowest, STEP_PART);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_arena[] = {
    LAYOUT_ADDRESS(arena.superslabs_peak),
    LAYOUT_END,
};
