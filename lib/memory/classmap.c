/* SPDX-License-Identifier: MIT */
/* memory/classmap.c - the tables of the class map. */
#include "memory/classmap.h"

#include <string.h>

#include "base/layout.h"
#include "base/meta.h"
#include "base/os.h"
#include "events/trace.h"

struct window classmap_window;
static _Atomic(struct branch *) classmap_roots[ROOTS]; /* for what lies outside of the window */

enum {
    FIRST_REGIONS = 256, /* 512 MiB: more than the first page of the window */
    STEP_PAGES = 16,     /* a window smaller than this grows by so much at a time at most */
    WINDOW_MOST = 1 << (38 - GRANULE_SHIFT) /* granules: 256 GiB */
};
#define GRANULES_MOST ((uintptr_t)1 << (ADDRESS_BITS - GRANULE_SHIFT))
/* How far below the heap the window's bytes lie: where the kernel puts nothing for long, so that there is
 * room for them to grow. Half of the way down where addresses are few. */
#define WINDOW_DISTANCE ((uintptr_t)WINDOW_MOST << GRANULE_SHIFT)

static region_entry first_regions[FIRST_REGIONS]; /* a small process needs no more */

/* The table of regions that is in use: entries for the regions [first, end). By META lock. */
static struct region_table {
    uintptr_t first, end;
} region_table;

/* All regions ever entered lie between these multiples of 2 MiB, so that a walk need not read the
 * empty parts of tables. Atomics, relaxed, that only ever widen. */
static _Atomic(uintptr_t) lowest_region = UINTPTR_MAX, highest_region;

static struct branch *find_branch(const void *address)
{
    uintptr_t root = (uintptr_t)address >> BRANCH_SHIFT;
    return root < ROOTS ? load_acquire(&classmap_roots[root]) : NULL;
}

static unsigned leaf_of(const void *address)
{
    return (unsigned)((uintptr_t)address >> LEAF_SHIFT) & (BRANCH_LEAVES - 1);
}

static struct leaf *find_leaf(const void *address)
{
    struct branch *branch = find_branch(address);
    return branch ? load_acquire(&branch->leaf[leaf_of(address)]) : NULL;
}

class_byte *classmap_mark_outside(const void *address)
{
    struct leaf *leaf = find_leaf(address);
    return leaf ? &leaf->classes[(uintptr_t)address >> GRANULE_SHIFT & (LEAF_GRANULES - 1)] : NULL;
}

region_entry *classmap_region_outside(const void *address)
{
    struct leaf *leaf = find_leaf(address);
    return leaf ? &leaf->regions[(uintptr_t)address >> SUPERSLAB_SHIFT & (LEAF_REGIONS - 1)] : NULL;
}

/* --- Growth: the META lock is held ---------------------------------------------------------------*/

/* A branch, then a leaf, each published whole by a release: readers take no lock, and find none or a zeroed
 * one. They are never taken away, so a reader may hold one for as long as it likes. */
static bool add_leaf(const void *address)
{
    uintptr_t root = (uintptr_t)address >> BRANCH_SHIFT;
    struct branch *branch = find_branch(address);
    if (root >= ROOTS)
        return false;
    if (!branch) {
        branch = meta_alloc_locked(sizeof *branch);
        if (!branch)
            return false;
        store_release(&classmap_roots[root], branch);
    }
    struct leaf *leaf = meta_alloc_locked(sizeof *leaf);
    if (leaf)
        store_release(&branch->leaf[leaf_of(address)], leaf);
    return leaf != NULL;
}

/* Is there a leaf for one of the granules [first, end)? The bytes it holds are where others look for them. */
static bool has_leaf(uintptr_t first, uintptr_t end)
{
    for (uintptr_t g = round_down(first, LEAF_GRANULES); g < end; g += LEAF_GRANULES)
        if (find_leaf((const void *)(g << GRANULE_SHIFT)))
            return true;
    return false;
}

/* Have entries for the regions [first, end) and for those that there are entries for. A reader may still be
 * in the old table, for a region that was entered there: it stays as it is. That is a leak of half of what
 * the new one takes, at most, as each is twice the one before. `low` is chosen so that both ends have
 * room. */
static bool cover_regions(uintptr_t first, uintptr_t end)
{
    struct region_table *t = &region_table;
    if (first >= t->first && end <= t->end)
        return true;
    bool placed = t->end != 0;
    uintptr_t low = placed ? min_size(first, t->first) : first, span = max_size(end, t->end) - low;
    size_t n = FIRST_REGIONS;
    while (n < span)
        n *= 2;
    region_entry *table =
        !placed && n == FIRST_REGIONS ? first_regions : meta_alloc_locked(n * sizeof *table);
    if (!table)
        return false;
    low -= min_size(low, (n - span) / 2);
    if (placed)
        memcpy((void *)(table + (t->first - low)),
               (void *)((region_entry *)load_relaxed(&classmap_window.regions) + t->first),
               (t->end - t->first) * sizeof *table);
    *t = (struct region_table){low, low + n};
    store_release(&classmap_window.regions, (uintptr_t)table - low * sizeof *table);
    return true;
}

/* Both bounds are one word, or a reader could put the old beginning beside the new length. The bytes they
 * speak of are mapped before. */
static void set_bounds(uintptr_t first, uintptr_t count)
{
    union window_bounds bounds = {.count = (uint32_t)count, .first = (uint32_t)first};
    store_release(&classmap_window.bounds, bounds.word);
}

/* The first page, around GRANULE. The kernel maps downwards: most of it lies below. */
static bool place_window(uintptr_t granule)
{
    size_t page = os_page_size();
    uintptr_t below = page / 4 * 3, first = granule > below ? round_down(granule - below, GRANULES) : 0;
    first = min_size(first, GRANULES_MOST - page);
    uintptr_t address = granule << GRANULE_SHIFT, hint = address - min_size(WINDOW_DISTANCE, address / 2);
    if (!cover_regions(first / GRANULES, (first + page) / GRANULES))
        return false;
    char *marks = os_map(page, page, (void *)round_down(hint, page), true);
    if (!marks)
        return false;
    meta_note_mapped(page);
    store_relaxed(&classmap_window.marks, (uintptr_t)marks - first);
    set_bounds(first, page);
    return true;
}

/* Map the bytes of the granules [first, first + n), if nothing is in the way. What was mapped at an address
 * of the window before the window reached it was never read as class bytes: bounds are checked first. */
static bool map_marks(uintptr_t first, size_t n)
{
    if (!os_map_at((void *)(load_relaxed(&classmap_window.marks) + first), n))
        return false;
    meta_note_mapped(n);
    return true;
}

/* Let the window reach GRANULE: false if that is far away, or if it cannot. It at most doubles at a time, so
 * that one mapping far from the others does not make all between them cost a page each 256 MiB; and it never
 * takes over what has a leaf, as others change the bytes there without a lock. */
static bool grow_window(uintptr_t granule)
{
    union window_bounds bounds = window_bounds();
    uintptr_t first = bounds.first, count = bounds.count;
    size_t page = os_page_size();
    bool down = granule < first;
    uintptr_t end = first + count;
    size_t more = round_up(down ? first - granule : granule + 1 - end, page);
    uintptr_t from = down ? first - more : end;
    if (more > max_size(count, STEP_PAGES * page) || count + more > WINDOW_MOST ||
        (down ? more > first : end + more > GRANULES_MOST) || has_leaf(from, from + more))
        return false;
    first = down ? from : first;
    if (!cover_regions(first / GRANULES, (first + count + more) / GRANULES) || !map_marks(from, more))
        return false;
    set_bounds(first, count + more);
    return true;
}

/* There are no leaves before there is a window: it is placed where the first address is. */
static bool make_mark(const void *address)
{
    uintptr_t granule = (uintptr_t)address >> GRANULE_SHIFT;
    if (!window_bounds().count)
        return place_window(granule);
    return grow_window(granule) || add_leaf(address);
}

/* Have a byte for ADDRESS. */
static bool cover(const void *address)
{
    if (classmap_mark(address))
        return true;
    meta_lock();
    bool done = classmap_mark(address) || make_mark(address); /* another thread may have been first */
    meta_unlock();
    return done;
}

bool classmap_reserve(const void *address, size_t size)
{
    uintptr_t first = (uintptr_t)address, last = first + size - 1, end;
    /* In each part of 256 MiB there is a leaf, or both ends lie in the window, and what is between them. */
    for (; first <= last; first = end + 1) {
        end = min_size(last, first | (((uintptr_t)1 << LEAF_SHIFT) - 1));
        if (!cover((const void *)first) || !cover((const void *)end))
            return false;
    }
    return true;
}

/* --- Regions -------------------------------------------------------------------------------------*/

/* A walk that begins while the bounds are being widened may miss the region that just comes: it was not there
 * when the walk began. */
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
    struct line m;
    trace_begin(&m, CHANNEL_REGION);
    line_address(&m, "address", address);
    static const char *const kind[] = {[REGION_SUPERSLAB] = "superslab",
                                       [REGION_LARGE] = "large",
                                       [REGION_STRIP] = "strip",
                                       [REGION_GUARD] = "guard"};
    line_text(&m, "kind", kind[region->kind]);
    line_text(&m, "change", change);
    trace_end(&m, CHANNEL_REGION);
}

void classmap_set_region(const void *address, struct region *region)
{
    if (trace_on(CHANNEL_REGION)) {
        const struct region *before = classmap_region(address);
        if (before && before != region)
            trace_region(address, before, "removed");
        if (region && before != region)
            trace_region(address, region, "entered");
    }
    note_region((uintptr_t)address);
    meta_lock(); /* the table may be about to move */
    store_release(classmap_region_entry(address), region);
    meta_unlock();
}

/* The first address behind AT, for which there is no table, that may have one. */
static uintptr_t next_table(uintptr_t at)
{
    unsigned shift = find_branch((const void *)at) ? LEAF_SHIFT : BRANCH_SHIFT;
    uintptr_t next = (at | (((uintptr_t)1 << shift) - 1)) + 1;
    uintptr_t window = (uintptr_t)window_bounds().first << GRANULE_SHIFT;
    return at < window && window < next ? window : next;
}

/* Without a lock: a region found may be taken out at once. Its descriptor stays one (superslab.h, mapping.h),
 * and what it describes by then is for the caller to find out. */
struct region *classmap_next(uintptr_t *address)
{
    uintptr_t at = max_size(*address, load_relaxed(&lowest_region)), last = load_relaxed(&highest_region);
    for (at = round_up(at, SUPERSLAB); at <= last;) {
        region_entry *entry = classmap_region_entry((const void *)at);
        struct region *region = entry ? load_acquire(entry) : NULL;
        if (region) {
            *address = at;
            return region;
        }
        at = entry ? at + SUPERSLAB : next_table(at);
    }
    return NULL;
}

void classmap_each(void (*each)(const void *base, size_t size, void *arg), void *arg)
{
    union window_bounds bounds = window_bounds();
    if (bounds.count)
        each((const void *)(load_relaxed(&classmap_window.marks) + bounds.first), bounds.count, arg);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_classmap[] = {
    LAYOUT_ADDRESS(classmap_window),
    LAYOUT_ADDRESS(classmap_roots),
    LAYOUT_ADDRESS(class_sizes),
    LAYOUT_END,
};
