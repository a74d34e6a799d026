/* SPDX-License-Identifier: MIT */
/* classmap.h - address -> size class, and address -> region descriptor (floor F3).
 *
 * Two levels. The root is indexed by bits 38..47 of the address; a leaf holds one byte for each
 * granule of 64 KiB, and behind them one pointer for each 2 MiB, to the descriptor of the superslab
 * or large mapping that begins there. A root entry points 4 MiB-granules below its leaf, so that a
 * granule number indexes it directly. Absent leaves are one leaf of zeroes.
 *
 * Sharing: root entries change once, from the zero leaf to a leaf of their own (release; by
 * classmap_reserve under the META lock). Bytes are written by the owner of the granule (the ARENA lock or the creator
 * of a large mapping) before a pointer into it is given to anybody, and are atomic, so that any
 * address may be asked about at any time: 0 means not ours, and nothing of the program is touched. */
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

typedef _Atomic(uint8_t) class_byte;

/* Address of the leaf, less the bytes of the granules below it. An integer, because it need not
 * point into anything. */
extern _Atomic(uintptr_t) classmap_root[ROOTS];

/* What every descriptor of a region begins with. */
enum region_kind { REGION_SUPERSLAB = 1, REGION_LARGE };
struct region {
    enum region_kind kind;
};

/* The class byte of any address. Bits 48 and up are ignored: such an address is not canonical, and
 * the first access to it would fault. */
static ALWAYS_INLINE unsigned classmap_get(const void *address)
{
    uint32_t granule = (uint32_t)((uintptr_t)address >> GRANULE_SHIFT);
    size_t index = granule;
    KEEP_INDEX(index);
    uintptr_t leaf = load_relaxed(&classmap_root[granule >> (LEAF_SHIFT - GRANULE_SHIFT)]);
    return load_relaxed((const class_byte *)(leaf + index));
}

/* Make a leaf for [address, address + size) before its bytes are set. False if refused. */
bool classmap_reserve(const void *address, size_t size);

void classmap_set(const void *address, unsigned count, unsigned size_class);

/* The region that begins at the 2 MiB boundary at or below ADDRESS, any address; NULL if none. */
struct region *classmap_region(const void *address);
void classmap_set_region(const void *address, struct region *region);

#endif
