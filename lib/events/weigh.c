/* SPDX-License-Identifier: MIT */
/* events/weigh.c - how many allocations a sample stands for. */
#include "events/weigh.h"

enum { ONE_SHIFT = 62 };
static const uint64_t one = UINT64_C(1) << ONE_SHIFT;

static uint64_t product(uint64_t a, uint64_t b)
{
    return (uint64_t)((unsigned __int128)a * b >> ONE_SHIFT);
}

/* exp(-W / MEAN) of one: the series for the rest, then by whole numbers. Beyond NONE it is 0. */
static uint64_t chance_of_none(uint64_t w, uint64_t mean)
{
    enum { TERMS = 24, NONE = 44 };
    static const uint64_t e_inverse = UINT64_C(1696544475317221318); /* exp(-1) */
    uint64_t whole = w / mean, rest = (uint64_t)(((unsigned __int128)(w % mean) << ONE_SHIFT) / mean),
             e = one;
    if (whole >= NONE)
        return 0;
    for (unsigned k = TERMS; k > 0; k--)
        e = one - product(rest, e) / k;
    for (; whole; whole--)
        e = product(e, e_inverse);
    return e;
}

uint64_t weigh_factor(uint64_t weighed, uint64_t mean)
{
    uint64_t sampled = mean ? one - chance_of_none(weighed, mean) : one;
    return (uint64_t)(((unsigned __int128)1 << (ONE_SHIFT + WEIGH_SHIFT)) / (sampled ? sampled : 1));
}
