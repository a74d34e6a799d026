/* SPDX-License-Identifier: MIT */
/* base/sizeclass.h - sizes of blocks: 16-byte steps to 1 KiB, then eight for each doubling, and one more for
 * a power of two with a header.
 *
 *   CLASS_NONE             not ours in the class map, always empty in a thread cache
 *   1 .. TINY_CLASSES      16, 32, ... 1024
 *   .. CLASS_LAST          1152, 1280, ... 32768; and 1040, 2112, 4368, of which a slab holds a block less
 *                          than of 1, 2 and 4 KiB
 * Only in the class map:
 *   CLASS_SPAN             first granule of a long span
 *   CLASS_SPAN_TAIL        the granules behind it, and behind the first of a span with a bin
 *   CLASS_LARGE            first granule of a large mapping
 *   CLASS_STARTUP          the granule of startup.h
 *   CLASS_BINNED + n       first granule of a span of n + 1 granules, BINNED at most: it has a bin (shelf.h)
 *   CLASS_STRIP            granules of a strip (strip.h)
 *   CLASS_GUARD            the granules of guarded blocks (guard.h)
 *
 * Programs ask for a power of two and a few bytes of their own: sqlite3 for 6,000 blocks of 1,032 bytes and
 * 1,500 of 4,368. Those classes save it 6.5 % of its memory; twice as many of all between 1 and 4 KiB save
 * it 2 %, and nothing elsewhere. */
#ifndef HAK_SIZECLASS_H
#define HAK_SIZECLASS_H

#include "base/bits.h"
#include "base/compiler.h"

enum {
    GRANULE_SHIFT = 16,
    GRANULE = 1 << GRANULE_SHIFT, /* unit of the class map and of slabs */
    SUPERSLAB_SHIFT = 21,
    SUPERSLAB = 1 << SUPERSLAB_SHIFT,
    GRANULES = SUPERSLAB / GRANULE,

    MIN_ALIGN = 16,
    TINY_MAX = 1024,
    TINY_CLASSES = TINY_MAX / MIN_ALIGN,
    MID_MAX = 32768,
    DOUBLINGS = 5,      /* from TINY_MAX to MID_MAX */
    STEPS = 8,          /* mid classes for each of them */
    HEADER_CLASSES = 3, /* in so many of the doublings one more, the first */

    CLASS_NONE = 0,
    CLASS_LAST = TINY_CLASSES + STEPS * DOUBLINGS + HEADER_CLASSES,
    CLASSES, /* of blocks, with CLASS_NONE */
    CLASS_SPAN = CLASSES,
    CLASS_SPAN_TAIL,
    CLASS_LARGE,
    CLASS_STARTUP,
    CLASS_BINNED,
    BINNED = 4, /* granules of the longest span that has a bin */
    BINNED_MAX = BINNED << GRANULE_SHIFT,
    CLASS_STRIP = CLASS_BINNED + BINNED,
    CLASS_GUARD,
    MAP_CLASSES, /* values of the class map */

    SPAN_MAX = 1 << 20,
    SPAN_GRANULES = SPAN_MAX / GRANULE
};

static_assert(TINY_MAX << DOUBLINGS == MID_MAX, "the mid sizes are whole doublings");
static_assert(SPAN_MAX <= SUPERSLAB, "a span lies in one superslab");

/* Classes of the mid sizes, in steps of the smallest distance between two of them. */
enum { MID_STEP_SHIFT = 4, MID_STEPS = MID_MAX >> MID_STEP_SHIFT };
extern const uint8_t mid_class[MID_STEPS];

/* Class of a request of TINY_MAX+1..MID_MAX bytes. */
static ALWAYS_INLINE unsigned class_of_mid(size_t size)
{
    return mid_class[(size - 1) >> MID_STEP_SHIFT];
}

/* Class of a request of 1..MID_MAX bytes. */
static inline unsigned class_of(size_t size)
{
    if (LIKELY(size <= TINY_MAX))
        return (unsigned)((size + MIN_ALIGN - 1) / MIN_ALIGN);
    return class_of_mid(size);
}

extern const uint16_t class_sizes[CLASSES];

/* C < CLASSES: spans, large blocks and those of startup.h have no size of their own. */
static inline size_t class_size(unsigned c)
{
    HAK_ASSERT(c < CLASSES);
    return class_sizes[c];
}

/* Division by a class size as multiplication. A slab begins at a granule, so a block's offset is
 * below 2^16. With magic = ceil(2^32 / size) and offset = k * size + r, r < size:
 *   offset * magic = k * (2^32 + e) + r * magic, with e < size
 * so the upper half is k for every offset below 2^16, and the lower half is k * e < 2^16 if r = 0 and
 * at least magic >= 2^16 otherwise (size <= 2^16). The free path tests the lower half. */
enum { MAGIC_LIMIT = 1 << 16 };

static inline uint32_t class_magic(unsigned c)
{
    return (uint32_t)(0xffffffffu / class_size(c) + 1);
}

/* True if P begins a block of class C, which has blocks, by its address alone. */
static inline bool class_begins_block(const void *p, unsigned c)
{
    return (uint32_t)(uint16_t)(uintptr_t)p * class_magic(c) < MAGIC_LIMIT;
}

/* Of the classes of spans with a bin: nothing but the beginning of a granule passes. */
enum { BINNED_MAGIC = 1 << 16 }; /* below those of blocks, above 0, which is that of other classes */

/* Class of a span of RUN granules. */
static ALWAYS_INLINE unsigned class_of_span(unsigned run)
{
    return run <= BINNED ? CLASS_BINNED + run - 1 : CLASS_SPAN;
}

static ALWAYS_INLINE bool class_is_binned(unsigned c)
{
    return c - CLASS_BINNED < BINNED;
}

static inline bool class_is_span(unsigned c)
{
    return c == CLASS_SPAN || class_is_binned(c);
}

/* Blocks in a slab of the class. */
static inline unsigned class_blocks(unsigned c)
{
    return (unsigned)(GRANULE / class_size(c));
}

#endif
