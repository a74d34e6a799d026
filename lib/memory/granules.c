/* SPDX-License-Identifier: MIT */
/* memory/granules.c - slabs and spans out of superslabs, and back. */
#include "memory/granules.h"

#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "settings/options.h"
#include "events/counters.h"
#include "events/trace.h"
#include "events/usage.h"
#include "memory/arena.h"
#include "memory/purge.h"

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
 * emptier ones may become free as a whole. The latest first, as their pages are in the processor's caches;
 * and a bounded number, as the lock is held. */
static struct slab *find_empty_any(void)
{
    struct slab *best = NULL;
    int best_free = 0;
    uint64_t limit = option(OPT_SS_EMPTY_SCAN_LIMIT);
    LIST_EACH (l, &arena.by_age) {
        if (limit-- == 0)
            break;
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

/* One whose pages were never touched, if the superslab has any: then malloc and calloc need not clear
 * them. */
static struct slab *find_unused(enum counter *stage)
{
    *stage = COUNT_STAGE_UNUSED;
    struct superslab *ss = arena_best_fit(1);
    if (!ss)
        return NULL;
    uint32_t clean = ss->free_mask & ~ss->dirty_mask;
    return arena_slab_at(ss, (unsigned)__builtin_ctz(clean ? clean : ss->free_mask));
}

/* A slab for SIZE_CLASS by the first three stages (granules.h); NULL if there is none. ARENA lock held. */
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

/* Growth happens unlocked, and another thread may have taken what was grown: then it is done once more. A
 * slab found after growth counts as new, though an EMPTY one may have come back meanwhile: then it counts as
 * that. */
struct slab *granules_take_slab(unsigned size_class)
{
    enum counter stage = COUNT_STAGE_UNUSED;
    bool grown = false;
    lock_take(RANK_ARENA);
    struct slab *slab;
    while ((slab = find_slab(size_class, &stage)) == NULL) {
        lock_give(RANK_ARENA);
        if (!arena_grow())
            return NULL;
        grown = true;
        lock_take(RANK_ARENA);
    }
    struct superslab *ss = superslab_of(slab);
    bool fresh = !(ss->dirty_mask >> slab->index & 1);
    ss->dirty_mask |= 1u << slab->index;
    arena.actives++;
    usage_add(USAGE_IN_USE, GRANULE);
    slab_start(slab, size_class, fresh);
    slab->state = SLAB_ACTIVE;
    classmap_set(slab->base, 1, size_class);
    lock_give(RANK_ARENA);
    if (!grown || stage != COUNT_STAGE_UNUSED)
        count(stage, 1); /* grown: counted as a new superslab */
    else
        stage = COUNT_STAGE_NEW;
    if (trace_on(CHANNEL_ACQUIRE))
        trace_acquire(slab, size_class, stage);
    return slab;
}

/* The class byte goes before the slab can be had by others, in the same hold of the lock: who frees a block
 * of it once more finds class 0, and a span or another class can only follow. What exceeds the budget is
 * taken out of the lists here and purged after the unlock. */
void granules_give_slabs(struct list *slabs)
{
    struct purge_work work[PURGE_BATCH];
    uint64_t now_ms = clock_now_ms();
    lock_take(RANK_ARENA);
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
    lock_give(RANK_ARENA);
    purge_do(work, n, now_ms);
}

/* --- Spans ---------------------------------------------------------------------------------------*/

/* Address space of no use from which on strips are used instead of spans (strip.h): small programs never have
 * it; under a small limit less, a part of that. 1 << WASTE_SHIFT: the share that a limit of address space can
 * spare. */
enum { WASTE_LEAST = 4 << 20, WASTE_LIMIT_SHIFT = 6, WASTE_SHIFT = 4 };

/* Pages that were given back and are needed again now are regretted: only the clean ones, as what is EMPTY
 * had been kept. The stamp is a recent time, for the lock is held.
 *
 * Turn the free granules [at, at + n) of SS into part of a span. ARENA lock held. */
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

/* Where RUN free granules of SS begin, *AT: those of which most have pages. How many have. */
static unsigned best_start(const struct superslab *ss, unsigned run, unsigned *at)
{
    unsigned most = 0;
    uint32_t starts = mask_run_starts(ss->free_mask, run);
    *at = (unsigned)__builtin_ctz(starts);
    for (; starts && most < run; starts &= starts - 1) {
        unsigned i = (unsigned)__builtin_ctz(starts);
        unsigned n = (unsigned)__builtin_popcount(ss->dirty_mask >> i & mask_run(0, run));
        if (n > most) {
            most = n;
            *at = i;
        }
    }
    return most;
}

enum { LOOKS = 8 /* superslabs that are compared: the lock is held */ };

/* Free granules that have pages go before those that would fault: else the ones are purged to make up for
 * the others. Superslabs with short runs are looked at first: long runs are for long spans. ARENA lock
 * held. */
static struct superslab *best_run(unsigned run, unsigned *at)
{
    struct superslab *best = NULL;
    unsigned most = 0, looks = LOOKS;
    for (uint64_t bins = arena.bin_mask >> run << run; bins; bins &= bins - 1) {
        struct list *bin = &arena.bins[__builtin_ctzll(bins)];
        LIST_EACH (l, bin) {
            struct superslab *ss = CONTAINER_OF(l, struct superslab, bin);
            unsigned where, pages = best_start(ss, run, &where);
            if (!best || pages > most) {
                best = ss;
                most = pages;
                *at = where;
            }
            if (most == run || --looks == 0)
                return best;
        }
    }
    return best;
}

/* The span that begins with FIRST is used for SIZE bytes, or for 0: it goes. What a thread asks for that
 * takes it from its shelf later is not seen. ARENA lock held. */
static void count_waste(struct slab *first, size_t size)
{
    size_t pages = (size_t)first->run << GRANULE_SHIFT >> SPAN_PAGE_SHIFT;
    arena.wasted -= first->used;
    first->used = size ? (uint16_t)(pages - ((size - 1) >> SPAN_PAGE_SHIFT) - 1) : 0;
    arena.wasted += first->used;
}

bool granules_wasteful(void)
{
    lock_take(RANK_ARENA);
    size_t all = (arena.granules - arena.actives) << GRANULE_SHIFT;
    size_t waste = all - (arena.span_granules << GRANULE_SHIFT) + (arena.wasted << SPAN_PAGE_SHIFT);
    lock_give(RANK_ARENA);
    return waste > min_size(WASTE_LEAST, usage_limit() >> WASTE_LIMIT_SHIFT) && waste > all >> WASTE_SHIFT;
}

struct slab *granules_take_run(unsigned run, size_t size, bool grow, uint32_t *dirty)
{
    struct superslab *ss;
    unsigned at = 0;
    lock_take(RANK_ARENA);
    while ((ss = best_run(run, &at)) == NULL) {
        lock_give(RANK_ARENA);
        if (!grow || !arena_grow())
            return NULL;
        lock_take(RANK_ARENA);
    }
    *dirty = ss->dirty_mask >> at & mask_run(0, run);
    claim_run(ss, at, run);
    struct slab *first = &ss->slab[at];
    first->run = (uint16_t)run;
    first->used = 0;
    count_waste(first, size);
    arena.spans++;
    classmap_set(first->base, 1, class_of_span(run));
    classmap_set(first->base + GRANULE, run - 1, CLASS_SPAN_TAIL);
    lock_give(RANK_ARENA);
    return first;
}

static bool are_free(const struct superslab *ss, unsigned at, unsigned n)
{
    uint32_t mask = n ? mask_run(at, n) : 0;
    return (ss->free_mask & mask) == mask;
}

/* The class byte changes with the length, while FIRST is its owner's: nobody else frees it, and a free that
 * should not be finds one class or the other, both of which are claimed in the same way. arena_open gives up
 * the lock: what is behind the span is looked at again after it. */
bool granules_extend_run(struct slab *first, unsigned run, size_t size, uint32_t *dirty)
{
    lock_take(RANK_ARENA);
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
        count_waste(first, size);
    }
    lock_give(RANK_ARENA);
    return fits;
}

void granules_give_run(struct slab *first)
{
    struct purge_work work[PURGE_BATCH];
    uint64_t now_ms = clock_now_ms();
    lock_take(RANK_ARENA);
    struct superslab *ss = superslab_of(first);
    unsigned n = first->run;
    if (trace_on(CHANNEL_FREE))
        trace_empty(first, n);
    classmap_set(first->base, n, CLASS_NONE);
    count_waste(first, 0);
    for (unsigned i = n; i-- > 0;) /* from the end: the first of them is then the next to be used */
        arena_mark_empty(ss, first + i, now_ms);
    arena.span_granules -= n;
    usage_sub(USAGE_IN_USE, (size_t)n << GRANULE_SHIFT);
    arena.spans--;
    arena_set_free(ss, ss->free_mask | mask_run(first->index, n));
    unsigned works = purge_collect_excess(work, now_ms);
    lock_give(RANK_ARENA);
    purge_do(work, works, now_ms);
}

/* True if OFFSET was the beginning of a block in a slab of class C. */
static bool was_beginning(unsigned c, uint32_t offset)
{
    if (c == CLASS_SPAN)
        return offset == 0;
    if (c == CLASS_STARTUP) /* of any size */
        return offset % MIN_ALIGN == 0;
    return c != CLASS_NONE && c < CLASSES && offset * class_magic(c) < MAGIC_LIMIT;
}

bool granules_was_block(const void *p)
{
    bool was = false;
    lock_take(RANK_ARENA);
    struct region *region = classmap_region(p);
    if (region && region->kind == REGION_SUPERSLAB) {
        const struct slab *slab = superslab_slab_of(p);
        uint32_t offset = (uint32_t)((uintptr_t)p & (GRANULE - 1));
        unsigned c = slab->size_class;
        if (slab->state == SLAB_EMPTY || slab->state == SLAB_UNUSED || slab->state == SLAB_PURGE)
            was = was_beginning(c, offset);
        else if (slab->state == SLAB_SPAN)
            was = offset == 0 && classmap_get(p) == CLASS_NONE; /* on a shelf */
    }
    lock_give(RANK_ARENA);
    return was;
}

/* State and class of the slab, read without its locks: where P is a live block they cannot change, for the
 * block keeps its slab ACTIVE; where it is none, any answer is one that free finds out to be wrong. */
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

/* All are taken before any is given back, or each turn would get the same one again. Their number is raised
 * before they become EMPTY, so that none is purged. */
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
    lock_take(RANK_ARENA);
    arena_set_prewarmed(arena.prewarmed + n);
    lock_give(RANK_ARENA);
    granules_give_slabs(&made);
    return n;
}

void granules_begin(void)
{
    arena_begin();
    (void)arena_grow();
}

bool granules_serve(const struct slab *slab, const uint8_t *base, unsigned size_class)
{
    lock_take(RANK_ARENA);
    bool serves = slab->state == SLAB_ACTIVE && slab->size_class == size_class && slab->base == base;
    lock_give(RANK_ARENA);
    return serves;
}

/* --- Insight -------------------------------------------------------------------------------------*/

void granules_totals(struct granule_totals *out)
{
    lock_take(RANK_ARENA);
    *out = (struct granule_totals){arena.granules << GRANULE_SHIFT,
                                   arena.empties << GRANULE_SHIFT,
                                   arena.actives << GRANULE_SHIFT,
                                   arena.span_granules << GRANULE_SHIFT,
                                   arena.spans,
                                   arena.superslabs,
                                   arena.superslabs_peak};
    lock_give(RANK_ARENA);
}

/* The lock keeps the memory of the span mapped while its first words are read: whether it lies in a bin, only
 * they say. The program may be writing to them: what it writes is a sound link only if it knows the key. */
NO_TSAN size_t granules_live_span(const void *p)
{
    size_t size = 0;
    lock_take(RANK_ARENA);
    struct region *region = classmap_region(p);
    unsigned c = classmap_get(p);
    if (region && region->kind == REGION_SUPERSLAB && class_is_span(c) &&
        !(class_is_binned(c) && block_linked(p, block_key)))
        size = span_usable(superslab_slab_of(p));
    lock_give(RANK_ARENA);
    return size;
}

void granules_each(void (*each)(struct superslab *ss, void *arg), void *arg)
{
    lock_take(RANK_ARENA);
    LIST_EACH (l, &arena.all)
        each(CONTAINER_OF(l, struct superslab, all), arg);
    lock_give(RANK_ARENA);
}

/* Between two holds of the lock all of this is true; a slab that is being purged is neither free nor in
 * use. */
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
    lock_take(RANK_ARENA);
    LIST_EACH (l, &arena.all)
        check_one(CONTAINER_OF(l, struct superslab, all), fault, states);
    LIST_EACH (l, &arena.by_age)
        listed++;
    if (listed != arena.empties || states[SLAB_EMPTY] != arena.empties)
        fault("EMPTY slabs and their list differ", &arena.by_age);
    if (states[SLAB_ACTIVE] != arena.actives || states[SLAB_SPAN] != arena.span_granules)
        fault("ACTIVE slabs or granules of spans miscounted", &arena.actives);
    lock_give(RANK_ARENA);
}
