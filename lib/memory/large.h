/* SPDX-License-Identifier: MIT */
/* memory/large.h - requests above 1 MiB: mappings of their own.
 *
 * Every large mapping begins at a 2 MiB boundary, so that the region map finds its descriptor.
 * Freed mappings wait in a bounded cache until they are reused, too many, or too old. */
#ifndef HAK_LARGE_H
#define HAK_LARGE_H

#include "memory/classmap.h"

/* SIZE bytes at a multiple of ALIGN, a power of two. NULL if the system refuses. */
void *large_alloc(size_t size, size_t align, bool zero);

/* The parked mapping, if it serves SIZE bytes, or NULL. */
void *large_reuse(size_t size);

/* True if P is what large_alloc returned and still live; *SIZE is then the usable size. */
bool large_find(const void *p, size_t *size);

/* Park P, whose class byte is MARK, if there is room: false if not, or P is no live large block. Outside the
 * gate, too: the slot and the class byte are one word each, and whichever of them fork copies first, the
 * mapping has one owner. */
bool large_park(void *p, class_byte *mark);

/* Give P back; false if it is no live large block (another thread was faster). */
bool large_free(void *p);

/* True if ADDRESS lies in a live large block. */
bool large_holds(const void *address);

/* True if P began a large block that was freed, or moved by a resize, and whose mapping is kept, or is among
 * those freed last. */
bool large_was_block(const void *p);

/* Grow or shrink P to SIZE, moving pages instead of copying. NULL if that is not possible; P is
 * then as it was. */
void *large_resize(void *p, size_t size);

/* Unmap cached mappings: all but KEEP bytes, or those older than the policy's delay. Returns the bytes. */
size_t large_trim(size_t keep);
/* Move the mapping freed last to the cache. */
void large_unpark(void);
size_t large_parked(void); /* its size, a hint */
void large_decay(uint64_t now_ms);

struct large_totals {
    size_t live, cached; /* bytes */
    size_t live_count;
};
void large_totals(struct large_totals *out);

/* Copy up to MOST cached mappings to OUT; their number. */
struct large_range {
    char *base;
    size_t size;
};
unsigned large_cached(struct large_range *out, unsigned most);

/* The mapping that REGION, of kind REGION_LARGE, tells of: a moment's picture. */
struct large_range large_range(const struct region *region);
void large_check(void (*fault)(const char *what, const void *where));

#endif
