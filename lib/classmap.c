/* SPDX-License-Identifier: MIT */
/* classmap.c - the tables of the class map (floor F3). */
#include "classmap.h"

#include "layout.h"
#include "meta.h"
#include "os.h"
#include "tracelog.h"

struct leaf classmap_window;                         /* .bss: pages nobody uses are never resident */
static _Atomic(struct leaf *) classmap_roots[ROOTS]; /* for what lies outside of the window */
_Atomic(uintptr_t) classmap_window_at = WINDOW_NOWHERE;

/* The kernel maps downwards: most of the window lies below the first superslab. */
enum { GRANULES_BELOW = LEAF_GRANULES / 4 * 3 };

/* All regions ever entered lie between these multiples of 2 MiB, so that a walk need not read the
 * empty parts of tables. Atomics, relaxed, that only ever widen. */
static _Atomic(uintptr_t) lowest_region = UINTPTR_MAX, highest_region;

static unsigned root_of(const void *address)
{
    return (unsigned)((uintptr_t)address >> LEAF_SHIFT) & (ROOTS - 1);
}

/* The leaf for ADDRESS, and in *INDEX its granule there; NULL if there is none. */
static struct leaf *find_leaf(const void *address, uintptr_t *index)
{
    *index = window_index(address, load_acquire(&classmap_window_at));
    if (LIKELY(*index < LEAF_GRANULES))
        return &classmap_window;
    if ((uintptr_t)address >> ADDRESS_BITS)
        return NULL;
    *index = (uintptr_t)address >> GRANULE_SHIFT & (LEAF_GRANULES - 1);
    return load_acquire(&classmap_roots[root_of(address)]);
}

unsigned classmap_get(const void *address)
{
    uintptr_t index;
    struct leaf *leaf = find_leaf(address, &index);
    return leaf ? load_relaxed(&leaf->classes[index]) / CLASS_MARK : CLASS_NONE;
}

static bool add_leaf(unsigned root)
{
    struct leaf *leaf = os_map(sizeof *leaf, os_page_size(), NULL, true);
    if (!leaf)
        return false;
    struct leaf *none = NULL;
    if (atomic_compare_exchange_strong_explicit(&classmap_roots[root], &none, leaf, memory_order_release,
                                                memory_order_relaxed))
        meta_note_mapped(sizeof *leaf);
    else /* another thread was first */
        (void)os_unmap(leaf, sizeof *leaf);
    return true;
}

static void place_window(const void *address)
{
    uintptr_t granule = (uintptr_t)address >> GRANULE_SHIFT, nowhere = WINDOW_NOWHERE;
    /* At a 2 MiB boundary, so that regions and granules share it. */
    uintptr_t at = granule > GRANULES_BELOW ? round_down(granule - GRANULES_BELOW, GRANULES) : 0;
    if (atomic_compare_exchange_strong_explicit(&classmap_window_at, &nowhere, at, memory_order_release,
                                                memory_order_relaxed))
        meta_note_mapped(sizeof classmap_window);
}

bool classmap_reserve(const void *address, size_t size)
{
    if (load_acquire(&classmap_window_at) == WINDOW_NOWHERE)
        place_window(address);
    uintptr_t index;
    const char *last = (const char *)address + size - 1;
    for (const char *p = address; p <= last; p += min_size(GRANULE, (size_t)(last - p) + 1))
        if (!find_leaf(p, &index) && !add_leaf(root_of(p)))
            return false;
    return true;
}

void classmap_set(const void *address, unsigned n, unsigned size_class)
{
    uintptr_t index;
    for (const char *p = address; n; n--, p += GRANULE) {
        struct leaf *leaf = find_leaf(p, &index);
        store_relaxed(&leaf->classes[index], (uint8_t)(size_class * CLASS_MARK));
    }
}

bool classmap_claim(const void *address, unsigned size_class)
{
    uintptr_t index;
    struct leaf *leaf = find_leaf(address, &index);
    return leaf && mark_claim(&leaf->classes[index], size_class);
}

/* The entry for the region at ADDRESS, or NULL. */
static _Atomic(struct region *) *region_at(const void *address)
{
    uintptr_t index;
    struct leaf *leaf = find_leaf(address, &index);
    return leaf ? &leaf->regions[index >> (SUPERSLAB_SHIFT - GRANULE_SHIFT)] : NULL;
}

struct region *classmap_region(const void *address)
{
    _Atomic(struct region *) *at = region_at(address);
    return at ? load_acquire(at) : NULL;
}

static void note_region(uintptr_t at)
{
    uintptr_t low = load_relaxed(&lowest_region), high = load_relaxed(&highest_region);
    while (UNLIKELY(at < low) && !atomic_compare_exchange_weak_explicit(
                                     &lowest_region, &low, at, memory_order_relaxed, memory_order_relaxed))
        ;
    while (UNLIKELY(at > high) && !atomic_compare_exchange_weak_explicit(
                                      &highest_region, &high, at, memory_order_relaxed, memory_order_relaxed))
        ;
}

static COLD void trace_region(const void *address, const struct region *region, const char *change)
{
    struct message m;
    tracelog_begin(&m, CHANNEL_REGION);
    message_address(&m, "address", address);
    message_text(&m, "kind", region->kind == REGION_SUPERSLAB ? "superslab" : "large");
    message_text(&m, "change", change);
    tracelog_end(&m, CHANNEL_REGION);
}

void classmap_set_region(const void *address, struct region *region)
{
    if (tracelog_on(CHANNEL_REGION)) {
        const struct region *before = classmap_region(address);
        if (before && before != region)
            trace_region(address, before, "removed");
        if (region && before != region)
            trace_region(address, region, "entered");
    }
    note_region((uintptr_t)address);
    store_release(region_at(address), region);
}

struct region *classmap_next(uintptr_t *address)
{
    uintptr_t at = max_size(*address, load_relaxed(&lowest_region)), last = load_relaxed(&highest_region);
    for (at = round_up(at, SUPERSLAB); at <= last; at += SUPERSLAB) {
        uintptr_t index;
        struct leaf *leaf = find_leaf((const void *)at, &index);
        if (!leaf) { /* up to the next table, wherever the window lies */
            uintptr_t window = load_acquire(&classmap_window_at) << GRANULE_SHIFT;
            uintptr_t next = round_down(at, (uintptr_t)1 << LEAF_SHIFT) + ((uintptr_t)1 << LEAF_SHIFT);
            at = (at < window && window < next ? window : next) - SUPERSLAB;
            continue;
        }
        struct region *region = load_acquire(&leaf->regions[index >> (SUPERSLAB_SHIFT - GRANULE_SHIFT)]);
        if (region) {
            *address = at;
            return region;
        }
    }
    return NULL;
}

void classmap_each(void (*each)(const void *base, size_t size, void *arg), void *arg)
{
    if (load_acquire(&classmap_window_at) != WINDOW_NOWHERE)
        each(&classmap_window, sizeof classmap_window, arg);
    for (unsigned root = 0; root < ROOTS; root++) {
        struct leaf *leaf = load_acquire(&classmap_roots[root]);
        if (leaf)
            each(leaf, sizeof *leaf, arg);
    }
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_classmap[] = {
    LAYOUT_SIZEOF(leaf),
    LAYOUT_FIELD(leaf, classes),
    LAYOUT_FIELD(leaf, regions),
    LAYOUT_CONSTANT(ROOTS),
    LAYOUT_CONSTANT(LEAF_SHIFT),
    LAYOUT_CONSTANT(LEAF_REGIONS),
    LAYOUT_CONSTANT(GRANULE_SHIFT),
    LAYOUT_CONSTANT(SUPERSLAB_SHIFT),
    LAYOUT_CONSTANT(CLASS_MARK),
    LAYOUT_CONSTANT(CLASSES),
    LAYOUT_CONSTANT(CLASS_SPAN),
    LAYOUT_CONSTANT(CLASS_LARGE),
    LAYOUT_CONSTANT(CLASS_YOUNG),
    LAYOUT_CONSTANT(MIN_ALIGN),
    LAYOUT_CONSTANT(TINY_CLASSES),
    LAYOUT_CONSTANT(STEPS),
    LAYOUT_FIELD(region, kind),
    LAYOUT_CONSTANT(REGION_SUPERSLAB),
    LAYOUT_CONSTANT(REGION_LARGE),
    LAYOUT_END,
};
const struct layout_row layout_at_classmap[] = {
    LAYOUT_ADDRESS(classmap_window),
    LAYOUT_ADDRESS(classmap_window_at),
    LAYOUT_ADDRESS(classmap_roots),
    LAYOUT_END,
};
