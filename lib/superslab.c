/* SPDX-License-Identifier: MIT */
/* superslab.c - regions of 2 MiB, the source of all slabs and spans (floor F4). */
#include "superslab.h"

#include "counters.h"
#include "level.h"
#include "lock.h"
#include "meta.h"
#include "os.h"
#include "policy.h"
#include "regret.h"

enum {
    ALL_GRANULES = GRANULES, /* max_run of a superslab nobody uses */
    PURGE_BATCH = 16,        /* pieces of work collected under the lock at a time */
    TOLERANCE_SHIFT = 4,     /* what is regretted may add a sixteenth to a peak */
    PURGE_WORTH = 8,         /* EMPTY slabs beyond the budget before it is worth the system calls */
    PURGE_AT_ONCE = 4,       /* pieces of work that one free does: the rest is for the next */
    REFUSED_PAUSE_MS = 1000  /* no purging for this long after the system refused one */
};
static const uint32_t every_granule = 0xffffffffu;

static struct arena {
    struct lock lock; /* guards all of this */
    bool ready;
    struct list bins[ALL_GRANULES + 1]; /* superslabs by max_run */
    uint64_t bin_mask;                  /* bit r: bins[r] is not empty */
    struct list empty[MAP_CLASSES];     /* EMPTY slabs by last class, latest first */
    struct list by_age;                 /* EMPTY slabs, latest first */
    struct list all, spare;             /* superslabs; descriptors without memory, by `all` */
    uint8_t *lowest;                    /* the lowest superslab so far: the next goes below it */
    size_t superslabs, empties, actives, span_granules, spans; /* counts */
    uint64_t purge_again_ms;                                   /* no purging before this time */
    struct regret regret;                                      /* of granules */
} arena;

/* Work that locked code hands out, to be done after the unlock. COUNT == ALL_GRANULES: unmap. */
struct purge_work {
    struct superslab *ss;
    unsigned first, count;
};

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

static struct superslab *superslab_of(const struct slab *slab)
{
    return CONTAINER_OF(slab - slab->index, struct superslab, slab[0]);
}

static void unbin(struct superslab *ss)
{
    list_remove(&ss->bin);
    if (list_empty(&arena.bins[ss->max_run]))
        arena.bin_mask &= ~(1ull << ss->max_run);
}

static void enbin(struct superslab *ss)
{
    ss->max_run = (uint8_t)mask_longest_run(ss->free_mask);
    list_push_front(&arena.bins[ss->max_run], &ss->bin);
    arena.bin_mask |= 1ull << ss->max_run;
}

static void set_free_mask(struct superslab *ss, uint32_t mask)
{
    ss->free_mask = mask;
    if (mask_longest_run(mask) != ss->max_run) {
        unbin(ss);
        enbin(ss);
    }
}

/* The superslab with the shortest run that holds RUN granules: long runs are kept for spans. */
static struct superslab *best_fit(unsigned run)
{
    uint64_t bins = arena.bin_mask >> run << run;
    return bins ? LIST_FIRST(&arena.bins[__builtin_ctzll(bins)], struct superslab, bin) : NULL;
}

/* Slab I of SS for a new use; descriptors are set up when first needed, to keep pages untouched. */
static struct slab *slab_at(struct superslab *ss, unsigned i)
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

static void unlink_empty(struct slab *slab)
{
    list_remove(&slab->link);
    list_remove(&slab->age);
    arena.empties--;
    level_sub(LEVEL_KEPT_SLABS, GRANULE);
}

static void mark_empty(struct superslab *ss, struct slab *slab, uint64_t now_ms)
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
    enbin(ss);
    classmap_set_region(base, &ss->region);
    arena.superslabs++;
    if (!arena.lowest || base < arena.lowest)
        arena.lowest = base;
    return true;
}

/* Map more superslabs: a quarter of what there is, one at least. Called and returns unlocked. */
static bool grow(void)
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
    if (described < n)
        (void)os_unmap(base + described * SUPERSLAB, (n - described) * SUPERSLAB);
    count(COUNT_STAGE_NEW, described);
    return described != 0;
}

void superslab_begin(void)
{
    (void)grow();
}

/* --- Purging -------------------------------------------------------------------------------------*/

static size_t budget(void)
{
    size_t in_use = (arena.actives + arena.span_granules) * (size_t)GRANULE;
    size_t regretted = min_size(arena.regret.kept * GRANULE, level_headroom() + (in_use >> TOLERANCE_SHIFT));
    return max_size(policy.retain_bytes, in_use >> policy.retain_shift) + regretted;
}

/* Take SS out of everything, to be unmapped: all its granules are free. */
static void detach(struct superslab *ss)
{
    for (uint32_t bits = ss->free_mask & ss->dirty_mask; bits; bits &= bits - 1)
        unlink_empty(&ss->slab[__builtin_ctz(bits)]);
    unbin(ss);
    list_remove(&ss->all);
    classmap_set_region(ss->base, NULL);
    arena.superslabs--;
}

/* Take SLAB and the EMPTY slabs beside it, MAX at most, out of the lists to be purged. */
static struct purge_work isolate(struct slab *slab, size_t max)
{
    struct superslab *ss = superslab_of(slab);
    if (ss->free_mask == every_granule && arena.superslabs > 1) {
        detach(ss);
        return (struct purge_work){ss, 0, ALL_GRANULES};
    }
    uint32_t candidates = ss->free_mask & ss->dirty_mask;
    unsigned first = slab->index, count_of = 1;
    while (count_of < max && first > 0 && (candidates >> (first - 1) & 1))
        first--, count_of++;
    while (count_of < max && first + count_of < GRANULES && (candidates >> (first + count_of) & 1))
        count_of++;
    if (count_of == ALL_GRANULES) /* the only superslab: kept, its pages are not */
        count_of--;
    for (unsigned i = first; i < first + count_of; i++) {
        unlink_empty(&ss->slab[i]);
        ss->slab[i].state = SLAB_PURGE;
    }
    set_free_mask(ss, ss->free_mask & ~mask_run(first, count_of));
    return (struct purge_work){ss, first, count_of};
}

/* Collect work until at most KEEP bytes of EMPTY slabs are left that were emptied after BEFORE_MS
 * (UINT64_MAX: all of them count). ARENA lock held. */
static unsigned collect(struct purge_work *work, unsigned most, size_t keep, uint64_t before_ms,
                        uint64_t now_ms)
{
    size_t n = 0, keep_slabs = keep >> GRANULE_SHIFT;
    while (n < most && arena.empties > keep_slabs && now_ms >= arena.purge_again_ms) {
        struct slab *oldest = LIST_LAST(&arena.by_age, struct slab, age);
        if (before_ms != UINT64_MAX && (int32_t)((uint32_t)before_ms - oldest->emptied_ms) < 0)
            break;
        size_t before = arena.empties;
        work[n++] = isolate(oldest, arena.empties - keep_slabs);
        regret_purge(&arena.regret, before - arena.empties, now_ms);
    }
    return (unsigned)n;
}

/* Collect work after slabs became EMPTY: what exceeds the budget, once there is enough of it for
 * neighbours to go in one system call. ARENA lock held. */
static unsigned collect_excess(struct purge_work *work, uint64_t now_ms)
{
    size_t keep = budget();
    if (arena.empties <= (keep >> GRANULE_SHIFT) + (policy.retain_bytes ? PURGE_WORTH : 0))
        return 0;
    return collect(work, PURGE_AT_ONCE, keep, UINT64_MAX, now_ms);
}

/* Whatever the system refuses stays with us, dirty. ARENA lock held. */
static void take_back(struct superslab *ss, unsigned first, unsigned n, bool zero, uint64_t now_ms)
{
    for (unsigned i = first; i < first + n; i++) {
        struct slab *slab = slab_at(ss, i);
        if (zero) {
            slab->state = SLAB_UNUSED;
            ss->dirty_mask &= ~(1u << i);
        } else {
            mark_empty(ss, slab, now_ms);
        }
    }
    if (!zero)
        arena.purge_again_ms = now_ms + REFUSED_PAUSE_MS;
    set_free_mask(ss, ss->free_mask | mask_run(first, n));
}

static void finish_unmap(struct superslab *ss, bool unmapped, bool zero, uint64_t now_ms)
{
    if (unmapped) {
        list_push_front(&arena.spare, &ss->all);
        for (unsigned i = 0; i < GRANULES; i++)
            ss->slab[i].state = SLAB_UNUSED;
        return;
    }
    list_push_back(&arena.all, &ss->all);
    classmap_set_region(ss->base, &ss->region);
    arena.superslabs++;
    ss->free_mask = ss->dirty_mask = 0;
    enbin(ss);
    take_back(ss, 0, ALL_GRANULES, zero, now_ms);
}

/* Do the system calls, unlocked, and book the result. Returns the bytes given back. */
static size_t do_work(const struct purge_work *work, unsigned n, uint64_t now_ms)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        struct superslab *ss = work[i].ss;
        uint8_t *addr = ss->base + ((size_t)work[i].first << GRANULE_SHIFT);
        size_t size = (size_t)work[i].count << GRANULE_SHIFT;
        bool whole = work[i].count == ALL_GRANULES;
        bool unmapped = whole && os_unmap(addr, size) == 0;
        bool zero = unmapped || os_purge(addr, size) == 0;
        superslab_lock();
        if (whole)
            finish_unmap(ss, unmapped, zero, now_ms);
        else
            take_back(ss, work[i].first, work[i].count, zero, now_ms);
        superslab_unlock();
        bytes += zero ? size : 0;
    }
    count(COUNT_PURGED_BYTES, bytes);
    return bytes;
}

size_t superslab_trim(size_t keep)
{
    struct purge_work work[PURGE_BATCH];
    uint64_t now_ms = os_now_ms();
    size_t bytes = 0, done;
    do {
        superslab_lock();
        unsigned n = collect(work, PURGE_BATCH, keep, UINT64_MAX, now_ms);
        superslab_unlock();
        done = do_work(work, n, now_ms);
        bytes += done;
    } while (done);
    return bytes;
}

void superslab_decay(uint64_t now_ms)
{
    struct purge_work work[PURGE_BATCH];
    if (now_ms < policy.purge_delay_ms)
        return;
    superslab_lock();
    regret_tick(&arena.regret, now_ms);
    unsigned n = collect(work, PURGE_BATCH, 0, now_ms - policy.purge_delay_ms, now_ms);
    superslab_unlock();
    do_work(work, n, now_ms);
}

/* --- Slabs ---------------------------------------------------------------------------------------*/

/* A slab for SIZE_CLASS by stages 0.5, 1 and 2; NULL if there is none. ARENA lock held. */
static struct slab *find_slab(unsigned size_class, enum counter *stage)
{
    struct slab *slab;
    if (!list_empty(&arena.empty[size_class])) {
        *stage = COUNT_STAGE_EMPTY;
        slab = LIST_FIRST(&arena.empty[size_class], struct slab, link);
    } else if (!list_empty(&arena.by_age)) {
        *stage = COUNT_STAGE_EMPTY_ANY;
        slab = LIST_FIRST(&arena.by_age, struct slab, age);
    } else {
        struct superslab *ss = best_fit(1);
        if (!ss)
            return NULL;
        *stage = COUNT_STAGE_UNUSED;
        slab = slab_at(ss, (unsigned)__builtin_ctz(ss->free_mask));
    }
    if (slab->state == SLAB_EMPTY)
        unlink_empty(slab);
    else
        regret_need(&arena.regret, 1, os_recent_ms());
    struct superslab *ss = superslab_of(slab);
    set_free_mask(ss, ss->free_mask & ~(1u << slab->index));
    return slab;
}

struct slab *superslab_take_slab(unsigned size_class)
{
    enum counter stage = COUNT_STAGE_UNUSED;
    bool grown = false;
    superslab_lock();
    struct slab *slab;
    while ((slab = find_slab(size_class, &stage)) == NULL) {
        superslab_unlock();
        if (!grow())
            return NULL;
        grown = true;
        superslab_lock();
    }
    struct superslab *ss = superslab_of(slab);
    bool fresh = !(ss->dirty_mask >> slab->index & 1);
    ss->dirty_mask |= 1u << slab->index;
    arena.actives++;
    level_add(LEVEL_IN_USE, GRANULE);
    slab_start(slab, size_class, fresh);
    slab->state = SLAB_ACTIVE;
    classmap_set(slab->base, 1, size_class);
    superslab_unlock();
    if (!grown || stage != COUNT_STAGE_UNUSED)
        count(stage, 1); /* grown: counted as a new superslab */
    return slab;
}

void superslab_give_slabs(struct list *slabs)
{
    struct purge_work work[PURGE_BATCH];
    uint64_t now_ms = os_now_ms();
    superslab_lock();
    while (!list_empty(slabs)) {
        struct slab *slab = LIST_FIRST(slabs, struct slab, link);
        struct superslab *ss = superslab_of(slab);
        list_remove(&slab->link);
        arena.actives--;
        level_sub(LEVEL_IN_USE, GRANULE);
        classmap_set(slab->base, 1, CLASS_NONE);
        mark_empty(ss, slab, now_ms);
        set_free_mask(ss, ss->free_mask | 1u << slab->index);
    }
    unsigned n = collect_excess(work, now_ms);
    superslab_unlock();
    do_work(work, n, now_ms);
}

/* --- Spans ---------------------------------------------------------------------------------------*/

/* Turn the free granules [at, at + n) of SS into part of a span. ARENA lock held. */
static void claim_run(struct superslab *ss, unsigned at, unsigned n)
{
    for (unsigned i = at; i < at + n; i++) {
        struct slab *slab = slab_at(ss, i);
        if (slab->state == SLAB_EMPTY)
            unlink_empty(slab);
        slab->state = SLAB_SPAN;
        slab->size_class = CLASS_SPAN;
    }
    arena.span_granules += n;
    level_add(LEVEL_IN_USE, (size_t)n << GRANULE_SHIFT);
    unsigned clean = (unsigned)__builtin_popcount(mask_run(at, n) & ~ss->dirty_mask);
    regret_need(&arena.regret, clean, os_recent_ms());
    ss->dirty_mask |= mask_run(at, n);
    set_free_mask(ss, ss->free_mask & ~mask_run(at, n));
}

struct slab *superslab_take_run(unsigned run, uint32_t *dirty)
{
    struct superslab *ss;
    superslab_lock();
    while ((ss = best_fit(run)) == NULL) {
        superslab_unlock();
        if (!grow())
            return NULL;
        superslab_lock();
    }
    unsigned at = (unsigned)__builtin_ctz(mask_run_starts(ss->free_mask, run));
    *dirty = ss->dirty_mask >> at & mask_run(0, run);
    claim_run(ss, at, run);
    struct slab *first = &ss->slab[at];
    first->run = (uint16_t)run;
    arena.spans++;
    classmap_set(first->base, 1, CLASS_SPAN);
    classmap_set(first->base + GRANULE, run - 1, CLASS_SPAN_TAIL);
    superslab_unlock();
    return first;
}

bool superslab_extend_run(struct slab *first, unsigned run, uint32_t *dirty)
{
    superslab_lock();
    struct superslab *ss = superslab_of(first);
    unsigned at = first->index + first->run, more = run - first->run;
    bool fits = at + more <= GRANULES && (ss->free_mask >> at & mask_run(0, more)) == mask_run(0, more);
    if (fits) {
        *dirty = ss->dirty_mask >> at & mask_run(0, more);
        claim_run(ss, at, more);
        classmap_set(first->base + ((size_t)first->run << GRANULE_SHIFT), more, CLASS_SPAN_TAIL);
        first->run = (uint16_t)run;
    }
    superslab_unlock();
    return fits;
}

void superslab_give_run(struct slab *first)
{
    struct purge_work work[PURGE_BATCH];
    uint64_t now_ms = os_now_ms();
    superslab_lock();
    struct superslab *ss = superslab_of(first);
    unsigned n = first->run;
    classmap_set(first->base, n, CLASS_NONE);
    for (unsigned i = n; i-- > 0;)
        mark_empty(ss, first + i, now_ms);
    arena.span_granules -= n;
    level_sub(LEVEL_IN_USE, (size_t)n << GRANULE_SHIFT);
    arena.spans--;
    set_free_mask(ss, ss->free_mask | mask_run(first->index, n));
    unsigned works = collect_excess(work, now_ms);
    superslab_unlock();
    do_work(work, works, now_ms);
}

bool superslab_was_block(const void *p)
{
    bool was = false;
    superslab_lock();
    struct region *region = classmap_region(p);
    if (region && region->kind == REGION_SUPERSLAB) {
        const struct slab *slab = superslab_slab_of(p);
        uint32_t offset = (uint32_t)((uintptr_t)p & (GRANULE - 1));
        unsigned c = slab->size_class;
        if (slab->state == SLAB_EMPTY || slab->state == SLAB_UNUSED || slab->state == SLAB_PURGE)
            was = c == CLASS_SPAN ? offset == 0 : c != CLASS_NONE && offset * class_magic(c) < MAGIC_LIMIT;
        else if (slab->state == SLAB_SPAN)
            was = offset == 0 && classmap_get(p) == CLASS_NONE; /* on a shelf */
    }
    superslab_unlock();
    return was;
}

/* --- Insight -------------------------------------------------------------------------------------*/

void superslab_totals(struct superslab_totals *out)
{
    superslab_lock();
    *out = (struct superslab_totals){arena.superslabs << SUPERSLAB_SHIFT,
                                     arena.empties << GRANULE_SHIFT,
                                     arena.actives << GRANULE_SHIFT,
                                     arena.span_granules << GRANULE_SHIFT,
                                     arena.spans,
                                     arena.superslabs};
    superslab_unlock();
}

void superslab_each(void (*each)(struct superslab *ss, void *arg), void *arg)
{
    superslab_lock();
    for (struct list *l = arena.all.next; l != &arena.all; l = l->next)
        each(CONTAINER_OF(l, struct superslab, all), arg);
    superslab_unlock();
}

static void check_one(struct superslab *ss, void (*fault)(const char *what, const void *where),
                      size_t states[])
{
    if (ss->max_run != mask_longest_run(ss->free_mask))
        fault("superslab in the wrong bin", ss);
    if (classmap_region(ss->base) != &ss->region)
        fault("superslab not in the region map", ss);
    for (unsigned i = 0; i < GRANULES; i++) {
        const struct slab *slab = &ss->slab[i];
        const uint8_t *granule = ss->base + ((size_t)i << GRANULE_SHIFT);
        unsigned mapped = classmap_get(granule);
        bool is_free = ss->free_mask >> i & 1, dirty = ss->dirty_mask >> i & 1;
        bool free_state = slab->state == SLAB_UNUSED || slab->state == SLAB_EMPTY;
        states[slab->state]++;
        if (is_free != free_state)
            fault("free mask and slab state differ", granule);
        if (dirty == (slab->state == SLAB_UNUSED))
            fault("dirty mask and slab state differ", granule);
        if (free_state ? mapped != CLASS_NONE : slab->state == SLAB_ACTIVE && mapped != slab->size_class)
            fault("class map and slab differ", granule);
    }
}

void superslab_check(void (*fault)(const char *what, const void *where))
{
    size_t states[SLAB_PURGE + 1] = {0}, listed = 0;
    superslab_lock();
    for (struct list *l = arena.all.next; l != &arena.all; l = l->next)
        check_one(CONTAINER_OF(l, struct superslab, all), fault, states);
    for (struct list *l = arena.by_age.next; l != &arena.by_age; l = l->next)
        listed++;
    if (listed != arena.empties || states[SLAB_EMPTY] != arena.empties)
        fault("EMPTY slabs and their list differ", &arena.by_age);
    if (states[SLAB_ACTIVE] != arena.actives || states[SLAB_SPAN] != arena.span_granules)
        fault("ACTIVE slabs or granules of spans miscounted", &arena.actives);
    superslab_unlock();
}
