/* SPDX-License-Identifier: MIT */
/* memory/granules.c - slabs and spans out of superslabs, and back. */
#include "memory/granules.h"

#include <string.h>

#include "memory/arena.h"
#include "events/counters.h"
#include "events/usage.h"
#include "settings/options.h"
#include "base/clock.h"
#include "base/os.h"
#include "memory/purge.h"
#include "events/trace.h"

/* --- Traces --------------------------------------------------------------------------------------*/

static void put_class(struct line *m, unsigned size_class)
{
    if (size_class < CLASSES) {
        line_field(m, "class", size_class);
        line_field(m, "size", class_size(size_class));
    } else {
        line_text(m, "class", size_class == CLASS_STARTUP ? "startup" : "span");
    }
}

static const char *stage_name(enum counter stage)
{
    switch (stage) {
    case COUNT_STAGE_EMPTY: return "empty";
    case COUNT_STAGE_EMPTY_ANY: return "empty_any";
    case COUNT_STAGE_UNUSED: return "unused";
    default: return "new";
    }
}

static COLD void trace_acquire(const struct slab *slab, unsigned size_class, enum counter stage)
{
    struct line m;
    trace_begin(&m, CHANNEL_ACQUIRE);
    line_address(&m, "slab", slab->base);
    put_class(&m, size_class);
    line_text(&m, "stage", stage_name(stage));
    trace_end(&m, CHANNEL_ACQUIRE);
}

/* SLAB, or the first of a span, becomes EMPTY. */
static COLD void trace_empty(const struct slab *slab, unsigned granules)
{
    struct line m;
    trace_begin(&m, CHANNEL_FREE);
    line_address(&m, "slab", slab->base);
    put_class(&m, slab->size_class);
    line_field(&m, "granules", granules);
    line_text(&m, "state", "empty");
    trace_end(&m, CHANNEL_FREE);
}

/* --- Slabs ---------------------------------------------------------------------------------------*/

/* Of the EMPTY slabs freed last, HAKMEM_SS_EMPTY_SCAN_LIMIT at most, the one in the fullest superslab:
 * emptier ones may become free as a whole. */
static struct slab *find_empty_any(void)
{
    struct slab *best = NULL;
    int best_free = 0;
    uint64_t limit = option(OPT_SS_EMPTY_SCAN_LIMIT);
    for (struct list *l = arena.by_age.next; limit && l != &arena.by_age; l = l->next, limit--) {
        struct slab *slab = CONTAINER_OF(l, struct slab, age);
        int free_granules = __builtin_popcount(superslab_of(slab)->free_mask);
        if (!best || free_granules < best_free) {
            best = slab;
            best_free = free_granules;
        }
    }
    return best;
}

static struct slab *find_empty(unsigned size_class, enum counter *stage)
{
    *stage = COUNT_STAGE_EMPTY;
    if (!list_empty(&arena.empty[size_class]))
        return LIST_FIRST(&arena.empty[size_class], struct slab, link);
    *stage = COUNT_STAGE_EMPTY_ANY;
    return find_empty_any();
}

static struct slab *find_unused(enum counter *stage)
{
    *stage = COUNT_STAGE_UNUSED;
    struct superslab *ss = arena_best_fit(1);
    if (!ss)
        return NULL;
    uint32_t clean = ss->free_mask & ~ss->dirty_mask;
    return arena_slab_at(ss, (unsigned)__builtin_ctz(clean ? clean : ss->free_mask));
}

/* A slab for SIZE_CLASS by stages 0.5, 1 and 2; NULL if there is none. ARENA lock held. */
static struct slab *find_slab(unsigned size_class, enum counter *stage)
{
    struct slab *slab = LIKELY(option(OPT_SS_EMPTY_REUSE)) ? find_empty(size_class, stage) : NULL;
    if (!slab)
        slab = find_unused(stage);
    if (!slab)
        return NULL;
    if (slab->state == SLAB_EMPTY)
        arena_unlink_empty(slab);
    else
        retain_needed(&arena.retain, GRANULE, usage_peak(), clock_recent_ms());
    struct superslab *ss = superslab_of(slab);
    arena_set_free(ss, ss->free_mask & ~(1u << slab->index));
    return slab;
}

struct slab *granules_take_slab(unsigned size_class)
{
    enum counter stage = COUNT_STAGE_UNUSED;
    bool grown = false;
    arena_lock();
    struct slab *slab;
    while ((slab = find_slab(size_class, &stage)) == NULL) {
        arena_unlock();
        if (!arena_grow())
            return NULL;
        grown = true;
        arena_lock();
    }
    struct superslab *ss = superslab_of(slab);
    bool fresh = !(ss->dirty_mask >> slab->index & 1);
    ss->dirty_mask |= 1u << slab->index;
    arena.actives++;
    usage_add(USAGE_IN_USE, GRANULE);
    slab_start(slab, size_class, fresh);
    slab->state = SLAB_ACTIVE;
    classmap_set(slab->base, 1, size_class);
    arena_unlock();
    if (!grown || stage != COUNT_STAGE_UNUSED)
        count(stage, 1); /* grown: counted as a new superslab */
    else
        stage = COUNT_STAGE_NEW;
    if (trace_on(CHANNEL_ACQUIRE))
        trace_acquire(slab, size_class, stage);
    return slab;
}

void granules_give_slabs(struct list *slabs)
{
    struct purge_work work[PURGE_BATCH];
    uint64_t now_ms = clock_now_ms();
    arena_lock();
    while (!list_empty(slabs)) {
        struct slab *slab = LIST_FIRST(slabs, struct slab, link);
        struct superslab *ss = superslab_of(slab);
        if (trace_on(CHANNEL_FREE))
            trace_empty(slab, 1);
        list_remove(&slab->link);
        arena.actives--;
        usage_sub(USAGE_IN_USE, GRANULE);
        classmap_set(slab->base, 1, CLASS_NONE);
        arena_mark_empty(ss, slab, now_ms);
        arena_set_free(ss, ss->free_mask | 1u << slab->index);
    }
    unsigned n = purge_collect_excess(work, now_ms);
    arena_unlock();
    purge_do(work, n, now_ms);
}

/* --- Spans ---------------------------------------------------------------------------------------*/

/* Turn the free granules [at, at + n) of SS into part of a span. ARENA lock held. */
static void claim_run(struct superslab *ss, unsigned at, unsigned n)
{
    for (unsigned i = at; i < at + n; i++) {
        struct slab *slab = arena_slab_at(ss, i);
        if (slab->state == SLAB_EMPTY)
            arena_unlink_empty(slab);
        slab->state = SLAB_SPAN;
        slab->size_class = CLASS_SPAN;
    }
    arena.span_granules += n;
    usage_add(USAGE_IN_USE, (size_t)n << GRANULE_SHIFT);
    unsigned clean = (unsigned)__builtin_popcount(mask_run(at, n) & ~ss->dirty_mask);
    retain_needed(&arena.retain, (size_t)clean << GRANULE_SHIFT, usage_peak(), clock_recent_ms());
    ss->dirty_mask |= mask_run(at, n);
    arena_set_free(ss, ss->free_mask & ~mask_run(at, n));
}

struct slab *granules_take_run(unsigned run, uint32_t *dirty)
{
    struct superslab *ss;
    arena_lock();
    while ((ss = arena_best_fit(run)) == NULL) {
        arena_unlock();
        if (!arena_grow())
            return NULL;
        arena_lock();
    }
    unsigned at = (unsigned)__builtin_ctz(mask_run_starts(ss->free_mask, run));
    *dirty = ss->dirty_mask >> at & mask_run(0, run);
    claim_run(ss, at, run);
    struct slab *first = &ss->slab[at];
    first->run = (uint16_t)run;
    arena.spans++;
    classmap_set(first->base, 1, class_of_span(run));
    classmap_set(first->base + GRANULE, run - 1, CLASS_SPAN_TAIL);
    arena_unlock();
    return first;
}

static bool are_free(const struct superslab *ss, unsigned at, unsigned n)
{
    uint32_t mask = n ? mask_run(at, n) : 0;
    return (ss->free_mask & mask) == mask;
}

bool granules_extend_run(struct slab *first, unsigned run, uint32_t *dirty)
{
    arena_lock();
    struct superslab *ss = superslab_of(first);
    unsigned at = first->index + first->run, more = run - first->run;
    bool fits = at + more <= GRANULES;
    if (fits && at + more > ss->opened && superslab_can_grow(ss) && are_free(ss, at, ss->opened - at))
        (void)arena_open(ss);
    fits = fits && are_free(ss, at, more);
    if (fits) {
        *dirty = ss->dirty_mask >> at & mask_run(0, more);
        claim_run(ss, at, more);
        classmap_set(first->base + ((size_t)first->run << GRANULE_SHIFT), more, CLASS_SPAN_TAIL);
        classmap_set(first->base, 1, class_of_span(run));
        first->run = (uint16_t)run;
    }
    arena_unlock();
    return fits;
}

void granules_give_run(struct slab *first)
{
    struct purge_work work[PURGE_BATCH];
    uint64_t now_ms = clock_now_ms();
    arena_lock();
    struct superslab *ss = superslab_of(first);
    unsigned n = first->run;
    if (trace_on(CHANNEL_FREE))
        trace_empty(first, n);
    classmap_set(first->base, n, CLASS_NONE);
    for (unsigned i = n; i-- > 0;)
        arena_mark_empty(ss, first + i, now_ms);
    arena.span_granules -= n;
    usage_sub(USAGE_IN_USE, (size_t)n << GRANULE_SHIFT);
    arena.spans--;
    arena_set_free(ss, ss->free_mask | mask_run(first->index, n));
    unsigned works = purge_collect_excess(work, now_ms);
    arena_unlock();
    purge_do(work, works, now_ms);
}

bool granules_was_block(const void *p)
{
    bool was = false;
    arena_lock();
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
    arena_unlock();
    return was;
}

/* Read as they are: where P is a live block, they do not change. */
NO_TSAN unsigned granules_class_of(const void *p)
{
    struct region *region = classmap_region(p);
    if (!region || region->kind != REGION_SUPERSLAB)
        return classmap_get(p);
    const struct slab *slab = superslab_slab_of(p);
    if (slab->state == SLAB_SPAN) /* on a shelf it is free: only the class byte says so */
        return classmap_get(p);
    return slab->state == SLAB_ACTIVE ? slab->size_class : CLASS_NONE;
}

/* --- Prewarming -----------------------------------------------------------------------------------*/

/* A write to each page makes it resident. */
static void touch(uint8_t *base, size_t size)
{
    for (size_t i = 0; i < size; i += os_page_size())
        *(volatile uint8_t *)(base + i) = 0;
}

size_t granules_prewarm(unsigned size_class, size_t slabs)
{
    struct list made;
    list_init(&made);
    size_t n = 0;
    for (; n < slabs; n++) {
        struct slab *slab = granules_take_slab(size_class);
        if (!slab)
            break;
        if (slab->fresh)
            touch(slab->base, GRANULE);
        list_push_back(&made, &slab->link);
    }
    arena_lock();
    arena_set_prewarmed(arena.prewarmed + n);
    arena_unlock();
    granules_give_slabs(&made);
    return n;
}

void granules_begin(void)
{
    (void)arena_grow();
}

void granules_each_lock(lock_visitor *visit)
{
    arena_each_lock(visit);
}

bool granules_serve(const struct slab *slab, const uint8_t *base, unsigned size_class)
{
    arena_lock();
    bool serves = slab->state == SLAB_ACTIVE && slab->size_class == size_class && slab->base == base;
    arena_unlock();
    return serves;
}

/* --- Insight -------------------------------------------------------------------------------------*/

void granules_totals(struct granule_totals *out)
{
    arena_lock();
    *out = (struct granule_totals){arena.granules << GRANULE_SHIFT,
                                   arena.empties << GRANULE_SHIFT,
                                   arena.actives << GRANULE_SHIFT,
                                   arena.span_granules << GRANULE_SHIFT,
                                   arena.spans,
                                   arena.superslabs,
                                   arena.superslabs_peak};
    arena_unlock();
}

/* The lock keeps the memory of the span mapped while its first words are read. */
NO_TSAN size_t granules_live_span(const void *p)
{
    size_t size = 0;
    arena_lock();
    struct region *region = classmap_region(p);
    unsigned c = classmap_get(p);
    if (region && region->kind == REGION_SUPERSLAB && class_is_span(c) &&
        !(class_is_binned(c) && block_linked(p, block_key)))
        size = span_usable(superslab_slab_of(p));
    arena_unlock();
    return size;
}

void granules_each(void (*each)(struct superslab *ss, void *arg), void *arg)
{
    arena_lock();
    for (struct list *l = arena.all.next; l != &arena.all; l = l->next)
        each(CONTAINER_OF(l, struct superslab, all), arg);
    arena_unlock();
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

void granules_check(void (*fault)(const char *what, const void *where))
{
    size_t states[SLAB_STATES] = {0}, listed = 0;
    arena_lock();
    for (struct list *l = arena.all.next; l != &arena.all; l = l->next)
        check_one(CONTAINER_OF(l, struct superslab, all), fault, states);
    for (struct list *l = arena.by_age.next; l != &arena.by_age; l = l->next)
        listed++;
    if (listed != arena.empties || states[SLAB_EMPTY] != arena.empties)
        fault("EMPTY slabs and their list differ", &arena.by_age);
    if (states[SLAB_ACTIVE] != arena.actives || states[SLAB_SPAN] != arena.span_granules)
        fault("ACTIVE slabs or granules of spans miscounted", &arena.actives);
    arena_unlock();
}
