/* SPDX-License-Identifier: MIT */
/* classmap.h - address -> size class, and address -> region descriptor (floor F3).
 *
 * One byte for each granule of 64 KiB, and one pointer for each 2 MiB, to the descriptor of the
 * superslab or large mapping that begins there. The window, 256 GiB around the first superslab, is
 * one flat table in .bss, of which only the pages in use exist; the free path reads nothing else.
 * What lies outside has leaves of its own under a root indexed by bits 38..47 of the address.
 *
 * Sharing: the window is placed once, at start, before a second thread can hold a block. Root
 * entries go once from NULL to a leaf (release). Bytes are written by the owner of the
 * granule (the ARENA lock, or the creator of a large mapping) before a pointer into it is given to
 * anybody, and are atomic, so that any address may be asked about at any time: 0 means not ours,
 * and nothing of the program is touched. */
#ifndef HAK_CLASSMAP_H
#define HAK_CLASSMAP_H

#include "atomic.h"
#include "sizeclass.h"

enum {
    ADDRESS_BITS = 48,
    LEAF_SHIFT = 38,
    ROOTS = 1 << (ADDRESS_BITS - LEAF_SHIFT),
    LEAF_GRANULES = 1 << (LEAF_SHIFT - GRANULE_SHIFT),
    LEAF_REGIONS = 1 << (LEAF_SHIFT - SUPERSLAB_SHIFT)
};

/* A byte holds CLASS_MARK times the class: see tcache_bin. */
enum { CLASS_MARK = 2 };
static_assert((MAP_CLASSES - 1) * CLASS_MARK <= UINT8_MAX, "marks fit into a byte");
typedef _Atomic(uint8_t) class_byte;

/* What every descriptor of a region begins with. */
enum region_kind { REGION_SUPERSLAB = 1, REGION_LARGE };
struct region {
    enum region_kind kind;
};

struct leaf {
    class_byte classes[LEAF_GRANULES];
    _Atomic(struct region *) regions[LEAF_REGIONS];
};

HIDDEN extern struct leaf classmap_window;
/* First granule of the window; before it is placed, and for the empty thread cache, WINDOW_NOWHERE:
 * then no address lies in it. */
extern _Atomic(uintptr_t) classmap_window_at;
#define WINDOW_NOWHERE (UINTPTR_MAX >> 1)

/* Where ADDRESS lies in a window at AT; LEAF_GRANULES or more: outside. */
static ALWAYS_INLINE uintptr_t window_index(const void *address, uintptr_t at)
{
    return ((uintptr_t)address >> GRANULE_SHIFT) - at;
}

/* The class byte of any address. */
unsigned classmap_get(const void *address);

/* Make room for [address, address + size) before its bytes are set; the first call places the
 * window. False if refused. */
bool classmap_reserve(const void *address, size_t size);

void classmap_set(const void *address, unsigned count, unsigned size_class);

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
bool classmap_claim(const void *address, unsigned size_class);

/* The region that begins at the 2 MiB boundary at or below ADDRESS, any address; NULL if none. */
struct region *classmap_region(const void *address);
void classmap_set_region(const void *address, struct region *region);

/* The region that begins at *ADDRESS or behind it, *ADDRESS moved to its first byte; NULL behind the last.
 * No lock: a region that comes or goes meanwhile is met or not. Its descriptor stays one, whatever happens
 * to its memory. */
struct region *classmap_next(uintptr_t *address);

/* Call EACH for the tables in use, no lock held. */
void classmap_each(void (*each)(const void *base, size_t size, void *arg), void *arg);

#endif
