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

static const uint32_t every_granule = 0xffffffffu;

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

void arena_unlink_empty(struct slab *slab)
{
    list_remove(&slab->link);
    list_remove(&slab->age);
    arena.empties--;
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

/* Describe the superslab at BASE; ARENA lock held. False without memory for the descriptor. */
static bool describe(uint8_t *base)
{
    struct superslab *ss;
    if (!list_empty(&arena.spare)) {
        ss = LIST_FIRST(&arena.spare, struct superslab, all);
        list_remove(&ss->all);
    } else {
        ss = meta_alloc(sizeof *ss);
        if (!ss)
            return false;
        ss->region.kind = REGION_SUPERSLAB;
        list_init(&ss->bin);
    }
    ss->base = base;
    ss->free_mask = every_granule;
    ss->dirty_mask = 0;
    list_push_back(&arena.all, &ss->all);
    arena_enbin(ss);
    classmap_set_region(base, &ss->region);
    arena.superslabs_peak = max_size(arena.superslabs_peak, ++arena.superslabs);
    if (!arena.lowest || base < arena.lowest)
        arena.lowest = base;
    return true;
}

/* Map more superslabs: a quarter of what there is, one at least. Called and returns unlocked. */
bool arena_grow(void)
{
    superslab_lock();
    uint8_t *lowest = arena.lowest;
    size_t n = arena.superslabs / 4;
    superslab_unlock();
    n = n < 1 ? 1 : min_size(n, policy.growth_max);
    uint8_t *base = NULL;
    for (; n && !base; n = base ? n : n / 2) {
        /* Below the lowest one: neighbours merge into one mapping of the kernel's. */
        uint8_t *hint = (uintptr_t)lowest > n * SUPERSLAB ? lowest - n * SUPERSLAB : NULL;
        base = os_map(n * SUPERSLAB, SUPERSLAB, hint, true);
    }
    if (!base)
        return false;
    if (!lowest) /* a huge page would make a small program 2 MiB bigger */
        os_no_huge(base, n * SUPERSLAB);
    if (!classmap_reserve(base, n * SUPERSLAB)) {
        (void)os_unmap(base, n * SUPERSLAB);
        return false;
    }
    size_t described = 0;
    superslab_lock();
    while (described < n && describe(base + described * SUPERSLAB))
        described++;
    superslab_unlock();
    os_note_pieces(described - (described == n)); /* superslabs, and what is unmapped next */
    if (described < n)
        (void)os_unmap(base + described * SUPERSLAB, (n - described) * SUPERSLAB);
    count(COUNT_STAGE_NEW, described);
    return described != 0;
}

void superslab_begin(void)
{
    (void)arena_grow();
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_arena[] = {
    LAYOUT_SIZEOF(superslab),        LAYOUT_FIELD(superslab, base),
    LAYOUT_FIELD(superslab, slab),   LAYOUT_SIZEOF(slab),
    LAYOUT_FIELD(slab, base),        LAYOUT_FIELD(slab, state),
    LAYOUT_FIELD(slab, size_class),  LAYOUT_FIELD(slab, used),
    LAYOUT_FIELD(slab, carved),      LAYOUT_FIELD(slab, total),
    LAYOUT_FIELD(slab, run),         LAYOUT_CONSTANT(SLAB_UNUSED),
    LAYOUT_CONSTANT(SLAB_ACTIVE),    LAYOUT_CONSTANT(SLAB_EMPTY),
    LAYOUT_CONSTANT(SLAB_SPAN),      LAYOUT_CONSTANT(SLAB_PURGE),
    LAYOUT_FIELD(arena, spans), LAYOUT_END,
};
const struct layout_row layout_at_arena[] = {
    LAYOUT_ADDRESS(arena),
    LAYOUT_END,
};
