/* SPDX-License-Identifier: MIT */
/* arena.c - all superslabs: their lists, and growth (floor F4). */
#include "arena.h"

#include "counters.h"
#include "layout.h"
#include "level.h"
#include "lock.h"
#include "meta.h"
#include "os.h"
#include "policy.h"

struct arena arena;

void superslab_lock(void)
{
    lock_take(&arena.lock, RANK_ARENA);
    if (LIKELY(arena.ready))
        return;
    for (int i = 0; i <= ALL_GRANULES; i++)
        list_init(&arena.bins[i]);
    for (int c = 0; c < MAP_CLASSES; c++)
        list_init(&arena.empty[c]);
    list_init(&arena.by_age);
    list_init(&arena.all);
    list_init(&arena.spare);
    arena.ready = true;
}

void superslab_unlock(void)
{
    lock_give(&arena.lock, RANK_ARENA);
}

void superslab_each_lock(lock_visitor *visit)
{
    visit(&arena.lock);
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

/* Slab I of SS for a new use; descriptors are set up when first needed, to keep pages untouched. */
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
    level_sub(LEVEL_PREWARMED, arena.prewarmed * GRANULE);
    arena.prewarmed = slabs;
    level_add(LEVEL_PREWARMED, slabs * GRANULE);
}

void arena_unlink_empty(struct slab *slab)
{
    list_remove(&slab->link);
    list_remove(&slab->age);
    arena.empties--;
    if (UNLIKELY(arena.prewarmed > arena.empties)) /* used up */
        arena_set_prewarmed(arena.empties);
    level_sub(LEVEL_KEPT_SLABS, GRANULE);
}

void arena_mark_empty(struct superslab *ss, struct slab *slab, uint64_t now_ms)
{
    slab->state = SLAB_EMPTY;
    slab->emptied_ms = (uint32_t)now_ms;
    list_push_front(&arena.empty[slab->size_class], &slab->link);
    list_push_front(&arena.by_age, &slab->age);
    arena.empties++;
    level_add(LEVEL_KEPT_SLABS, GRANULE);
    ss->dirty_mask |= 1u << slab->index;
}

/* --- Growth --------------------------------------------------------------------------------------*/

/* A descriptor without memory. ARENA lock held. */
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

/* Describe the superslab at BASE, of which OPENED granules are accessible; ARENA lock held. False without
 * memory for the descriptor. */
static bool describe(uint8_t *base, unsigned opened, bool huge)
{
    struct superslab *ss = new_descriptor();
    if (!ss)
        return false;
    ss->base = base;
    ss->opened = (uint8_t)opened;
    store_relaxed(&ss->huge, huge);
    ss->free_mask = open_mask(ss);
    ss->dirty_mask = ~open_mask(ss);
    for (unsigned i = opened; i < GRANULES; i++)
        ss->slab[i].state = SLAB_CLOSED;
    arena.closed += opened < GRANULES;
    list_push_back(&arena.all, &ss->all);
    arena_enbin(ss);
    classmap_set_region(base, &ss->region);
    arena.superslabs_peak = max_size(arena.superslabs_peak, ++arena.superslabs);
    if (!arena.lowest || base < arena.lowest)
        arena.lowest = base;
    return true;
}

/* Enter N superslabs at BASE, OPENED granules of each accessible. What cannot be described is unmapped. */
static bool enter(uint8_t *base, size_t n, unsigned opened, bool huge)
{
    size_t described = 0;
    if (classmap_reserve(base, n * SUPERSLAB)) {
        superslab_lock();
        while (described < n && describe(base + described * SUPERSLAB, opened, huge))
            described++;
        superslab_unlock();
    }
    os_note_pieces(described - (described == n)); /* superslabs, and what is unmapped next */
    if (described < n) {
        (void)os_unmap(base + described * SUPERSLAB, (n - described) * SUPERSLAB);
        level_unmapped((n - described) * SUPERSLAB);
    }
    count(COUNT_STAGE_NEW, described);
    return described != 0;
}

/* N superslabs of address space below the lowest one: neighbours merge into one mapping of the kernel's. */
static uint8_t *map_below(uint8_t *lowest, size_t n, bool access)
{
    if (!level_may_map(n * SUPERSLAB))
        return NULL;
    uint8_t *hint = (uintptr_t)lowest > n * SUPERSLAB ? lowest - n * SUPERSLAB : NULL;
    uint8_t *base = os_map(n * SUPERSLAB, SUPERSLAB, hint, access);
    if (!base)
        level_unmapped(n * SUPERSLAB);
    return base;
}

/* Map a quarter of what there is, one at least. */
static bool map_more(uint8_t *lowest, size_t superslabs)
{
    size_t n = max_size(1, min_size(superslabs / 4, policy(growth_max)));
    uint8_t *base = NULL;
    for (; n && !base; n = base ? n : n / 2)
        base = map_below(lowest, n, true);
    if (!base) {
        count(COUNT_MAP_REFUSED, 1);
        return false;
    }
    enum policy_huge huge = policy(huge);
    bool ask = huge == HUGE_GROWTH && lowest;
    if (ask)
        ask = os_huge(base, n * SUPERSLAB) == 0;
    else if (huge == HUGE_NEVER)
        os_no_huge(base, n * SUPERSLAB);
    return enter(base, n, GRANULES, ask);
}

/* Where memory is tight, a superslab is opened bit by bit: what is not accessible costs address space, but
 * neither counts as committed nor against RLIMIT_DATA. */
static unsigned step_granules(void)
{
    return (unsigned)min_size(policy(growth_step), SUPERSLAB / 4) >> GRANULE_SHIFT;
}

static bool map_closed(uint8_t *lowest, unsigned step)
{
    uint8_t *base = map_below(lowest, 1, false);
    if (!base)
        return false;
    if (os_protect(base, (size_t)step << GRANULE_SHIFT, true) != 0) {
        (void)os_unmap(base, SUPERSLAB);
        level_unmapped(SUPERSLAB);
        return false;
    }
    return enter(base, 1, step, false);
}

static struct superslab *find_closed(void)
{
    for (struct list *l = arena.all.prev; arena.closed && l != &arena.all; l = l->prev) {
        struct superslab *ss = CONTAINER_OF(l, struct superslab, all);
        if (ss->opened < GRANULES)
            return ss;
    }
    return NULL;
}

/* Open more of a superslab that is not open as a whole. Two threads may open the same granules: the second
 * finds it done. The pin keeps it mapped meanwhile. */
static bool open_more(void)
{
    superslab_lock();
    struct superslab *ss = find_closed();
    unsigned from = 0, n = 0;
    if (ss) {
        from = ss->opened;
        n = (unsigned)min_size(step_granules(), GRANULES - from);
        ss->pinned++;
    }
    superslab_unlock();
    if (!ss)
        return false;
    bool done = os_protect(ss->base + ((size_t)from << GRANULE_SHIFT), (size_t)n << GRANULE_SHIFT, true) == 0;
    superslab_lock();
    ss->pinned--;
    if (done && ss->opened == from) {
        for (unsigned i = from; i < from + n; i++)
            ss->slab[i].state = SLAB_UNUSED;
        ss->opened = (uint8_t)(from + n);
        arena.closed -= ss->opened == GRANULES;
        ss->dirty_mask &= ~mask_run(from, n);
        arena_set_free(ss, ss->free_mask | mask_run(from, n));
    }
    superslab_unlock();
    return done;
}

bool arena_grow(void)
{
    superslab_lock();
    uint8_t *lowest = arena.lowest;
    size_t superslabs = arena.superslabs;
    superslab_unlock();
    bool wide = policy(growth_step) == SUPERSLAB;
    /* Of the first all but one granule, so that no huge page fits the mapping: it would make a small program
     * 2 MiB bigger. madvise(2) could say the same, but not in every process (os.c). */
    if ((!lowest && wide && map_closed(lowest, GRANULES - 1)) || open_more())
        return true;
    return (wide && map_more(lowest, superslabs)) || map_closed(lowest, step_granules());
}

void superslab_begin(void)
{
    (void)arena_grow();
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_arena[] = {
    LAYOUT_SIZEOF(superslab),
    LAYOUT_FIELD(superslab, base),
    LAYOUT_FIELD(superslab, slab),
    LAYOUT_SIZEOF(slab),
    LAYOUT_FIELD(slab, base),
    LAYOUT_FIELD(slab, state),
    LAYOUT_FIELD(slab, size_class),
    LAYOUT_FIELD(slab, used),
    LAYOUT_FIELD(slab, carved),
    LAYOUT_FIELD(slab, total),
    LAYOUT_FIELD(slab, run),
    LAYOUT_CONSTANT(SLAB_UNUSED),
    LAYOUT_CONSTANT(SLAB_ACTIVE),
    LAYOUT_CONSTANT(SLAB_EMPTY),
    LAYOUT_CONSTANT(SLAB_SPAN),
    LAYOUT_CONSTANT(SLAB_PURGE),
    LAYOUT_CONSTANT(SLAB_CLOSED),
    LAYOUT_FIELD(arena, spans),
    LAYOUT_END,
};
const struct layout_row layout_at_arena[] = {
    LAYOUT_ADDRESS(arena),
    LAYOUT_END,
};
