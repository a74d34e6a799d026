/* SPDX-License-Identifier: MIT */
/* events/weigh.h - how many allocations a sample stands for, without floating point. */
#ifndef HAK_WEIGH_H
#define HAK_WEIGH_H

#include "base/compiler.h"

enum { WEIGH_SHIFT = 20 };

/* 1 / (1 - exp(-WEIGHED / MEAN)), in units of 2^-20: a sample that was taken with that chance stands for so
 * many. */
uint64_t weigh_factor(uint64_t weighed, uint64_t mean);

/* N samples, or bytes of samples, by FACTOR. */
static inline uint64_t weigh(uint64_t n, uint64_t factor)
{
    return (uint64_t)((unsigned __int128)n * factor >> WEIGH_SHIFT);
}

#endif
