/* SPDX-License-Identifier: MIT */
/* memory/span.h - requests of 32 KiB to 1 MiB: runs of granules. */
#ifndef HAK_SPAN_H
#define HAK_SPAN_H

#include "memory/slab.h"

/* Granules of a span for SIZE bytes; one at least. */
static inline unsigned span_granules(size_t size)
{
    return size ? (unsigned)((size - 1) >> GRANULE_SHIFT) + 1 : 1;
}

/* SIZE bytes, SPAN_MAX at most, at a multiple of ALIGN, a granule at most: a span, or, where new address
 * space would be needed and spans waste much of it, a block of a strip (strip.h). NULL if the system refuses.
 */
void *span_alloc(size_t size, size_t align, bool zero);

/* Usable size of the span that begins at P; its class byte must be that of a span. */
size_t span_size(const void *p);

/* True if P is the beginning of a span, in use or in a bin. */
bool span_valid(const void *p);

/* Give P back to its superslab; false if it is no span of class C any more: another thread was faster. */
bool span_free(void *p, unsigned c);

/* True if the span at P holds SIZE bytes now, where it is. Never shrinks. */
bool span_extend(void *p, size_t size);

#endif
