/* SPDX-License-Identifier: MIT */
/* surface/align.h - alignments as the public functions take them. */
#ifndef HAK_ALIGN_H
#define HAK_ALIGN_H

#include "base/bits.h"

enum { ALIGN_BAD = 0 };

/* The power of two that memalign(3) of glibc makes of ALIGN; ALIGN_BAD where there is none. */
static inline size_t align_round(size_t align)
{
    if (align <= 16)
        return 16;
    if (is_pow2(align))
        return align;
    return align > (SIZE_MAX >> 1) + 1 ? ALIGN_BAD : (size_t)1 << (log2_floor(align) + 1);
}

#endif
