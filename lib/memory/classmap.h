/* SPDX-License-Identifier: MIT */
/* memory/classmap.h - address -> size class, and address -> region descriptor.
 *
 * One byte for each granule of 64 KiB, and one pointer for each 2 MiB, to the descriptor of the
 * superslab or large mapping that begins there. The bytes of most addresses form one row, the window,
 * in which the byte of a granule lies at a fixed distance from its number; the free path reads nothing
 * else. A page of it speaks of 256 MiB. It begins as one page and grows in place, up and down, as the
 * heap does: what is not used is not mapped, for limits and mlockall count it. Pointers of the regions
 * in the window lie in a table of their own, which moves when it grows. What the window cannot reach
 * has leaves of 256 MiB under branches under roots.
 *
 * Sharing: everything grows under the META lock. The first page is placed at start, before a second
 * thread can hold a block; afterwards the bounds only widen, over nothing that has a leaf, and each
 * thread has a copy of them that it renews when it meets an address outside of it (tcache_renew).
 * Tables that were left stay mapped. Bytes are written by the owner of the granule (the ARENA lock, or
 * the creator of a large mapping) before a pointer into it is given to anybody, and are atomic, so that
 * any address may be asked about at any time: 0 means not ours, and nothing of the program is touched.
 * Who knows a pointer into a region was told after its place in the tables was published. */
#ifndef HAK_CLASSMAP_H
#define HAK_CLASSMAP_H

#include "base/atomic.h"
#include "base/sizeclass.h"

enum {
    ADDRESS_BITS = 48,
    BRANCH_SHIFT = 38,
    LEAF_SHIFT = 28,
    ROOTS = 1 << (ADDRESS_BITS - BRANCH_SHIFT),
    BRANCH_LEAVES = 1 << (BRANCH_SHIFT - LEAF_SHIFT),
    LEAF_GRANULES = 1 << (LEAF_SHIFT - GRANULE_SHIFT),
    LEAF_REGIONS = 1 << (LEAF_SHIFT - SUPERSLAB_SHIFT)
};

/* A byte holds CLASS_MARK times the class: see tcache_bin. */
enum { CLASS_MARK = 2 };
static_assert((MAP_CLASSES - 1) * CLASS_MARK <= UINT8_MAX, "marks fit into a byte");
typedef _Atomic(uint8_t) class_byte;

/* What every descriptor of a region begins with. */
enum region_kind { REGION_SUPERSLAB = 1, REGION_LARGE, REGION_STRIP, REGION_GUARD };
struct region {
    enum region_kind kind;
};
typedef _Atomic(struct region *) region_entry;

struct leaf {
    class_byte classes[LEAF_GRANULES];
    region_entry regions[LEAF_REGIONS];
};
struct branch {
    _Atomic(struct leaf *) leaf[BRANCH_LEAVES];
};

/* The granules [first, first + count). One word: of a window that grows downwards, an old count from the new
 * first one on would leave the upper end out. */
union window_bounds {
    uint64_t word;
    struct {
        uint32_t count, first;
    };
};
static_assert(ADDRESS_BITS - GRANULE_SHIFT <= 32, "a granule's number fits");

struct window {
    union { /* release, behind all that it makes visible */
        _Atomic(uint64_t) bounds;
        struct {
            uint32_t count, first; /* for who looks from outside */
        };
    };
    _Atomic(uintptr_t) marks;   /* where the byte of granule 0 would lie; fixed before count is set */
    _Atomic(uintptr_t) regions; /* where the pointer of the region at address 0 would lie */
};
HIDDEN extern struct window classmap_window; /* count 0: not placed yet */

/* How far ADDRESS lies behind granule AT: the number of granules there or more, if it is outside. */
static ALWAYS_INLINE uintptr_t window_index(const void *address, uintptr_t at)
{
    return ((uintptr_t)address >> GRANULE_SHIFT) - at;
}

static ALWAYS_INLINE union window_bounds window_bounds(void)
{
    return (union window_bounds){.word = load_acquire(&classmap_window.bounds)};
}

static ALWAYS_INLINE bool window_holds(const void *address)
{
    union window_bounds bounds = window_bounds();
    return window_index(address, bounds.first) < bounds.count;
}

/* The entry of the region of ADDRESS, which lies in the window. */
static ALWAYS_INLINE region_entry *window_region(const void *address)
{
    uintptr_t regions = load_acquire(&classmap_window.regions);
    return (region_entry *)regions + ((uintptr_t)address >> SUPERSLAB_SHIFT);
}

/* The byte and the entry of an address outside of the window; NULL if there is none. */
class_byte *classmap_mark_outside(const void *address);
region_entry *classmap_region_outside(const void *address);

/* The same of any address. */
static inline class_byte *classmap_mark(const void *address)
{
    if (LIKELY(window_holds(address)))
        return (class_byte *)(load_relaxed(&classmap_window.marks) + ((uintptr_t)address >> GRANULE_SHIFT));
    return classmap_mark_outside(address);
}

static inline region_entry *classmap_region_entry(const void *address)
{
    return LIKELY(window_holds(address)) ? window_region(address) : classmap_region_outside(address);
}

/* The class byte of any address. */
static inline unsigned classmap_get(const void *address)
{
    class_byte *mark = classmap_mark(address);
    return mark ? load_relaxed(mark) / CLASS_MARK : CLASS_NONE;
}

/* Make room for [address, address + size) before its bytes are set; the first call places the
 * window. False if refused. Called with no lock held. */
bool classmap_reserve(const void *address, size_t size);

/* COUNT granules from ADDRESS on become of SIZE_CLASS. */
static inline void classmap_set(const void *address, unsigned count, unsigned size_class)
{
    for (const char *p = address; count; count--, p += GRANULE)
        store_relaxed(classmap_mark(p), (uint8_t)(size_class * CLASS_MARK));
}

/* Change *MARK from that of SIZE_CLASS to 0, if it is that; of several threads one succeeds. */
static ALWAYS_INLINE bool mark_claim(class_byte *mark, unsigned size_class)
{
    uint8_t expected = (uint8_t)(size_class * CLASS_MARK);
    if (single_threaded()) {
        bool claimed = load_relaxed(mark) == expected;
        if (claimed)
            store_relaxed(mark, CLASS_NONE);
        return claimed;
    }
    return atomic_compare_exchange_strong_explicit(mark, &expected, CLASS_NONE, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

/* Change the byte of ADDRESS from SIZE_CLASS to 0, if it is that; of several threads one succeeds. */
static inline bool classmap_claim(const void *address, unsigned size_class)
{
    class_byte *mark = classmap_mark(address);
    return mark && mark_claim(mark, size_class);
}

/* The region that begins at the 2 MiB boundary at or below ADDRESS, any address; NULL if none. */
static inline struct region *classmap_region(const void *address)
{
    region_entry *at = classmap_region_entry(address);
    return at ? load_acquire(at) : NULL;
}
void classmap_set_region(const void *address, struct region *region);

/* The region that begins at *ADDRESS or behind it, *ADDRESS moved to its first byte; NULL behind the last.
 * No lock: a region that comes or goes meanwhile is met or not. Its descriptor stays one, whatever happens
 * to its memory. */
struct region *classmap_next(uintptr_t *address);

/* Call EACH for the tables in use that meta_each does not know, no lock held. */
void classmap_each(void (*each)(const void *base, size_t size, void *arg), void *arg);

#endif
