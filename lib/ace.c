/* SPDX-License-Identifier: MIT */
/* ace.c - the adaptive engine, with fixed settings for now (floor F3). */
#include "ace.h"

#include "bits.h"
#include "sizeclass.h"

static_assert((int)POLICY_CLASSES == (int)MAP_CLASSES, "a policy row for each class");

enum {
    /* More blocks in a magazine than this gain nothing: one exchange is already spread over enough
     * of them. */
    MAGAZINE_MAX = 256,
    /* Many magazines are on their way between threads at a time: a quarter of the bytes for those. */
    TRAVEL_SHIFT = 2
};

static uint16_t magazine(size_t bytes, unsigned c)
{
    size_t blocks = c < CLASSES ? bytes / class_size(c) : 1;
    return (uint16_t)max_size(1, min_size(blocks, MAGAZINE_MAX));
}

struct policy policy = {.threads_per_stripe = 4, .growth_max = 8};

void ace_decide(const struct ace_input *in, struct policy *out)
{
    out->magazine[CLASS_NONE] = out->travelling[CLASS_NONE] = 1;
    for (unsigned c = 1; c < MAP_CLASSES; c++) {
        out->magazine[c] = magazine(in->cache_bytes, c);
        out->travelling[c] = magazine(in->cache_bytes >> TRAVEL_SHIFT, c);
    }
    out->threads_per_stripe = 4;
    out->growth_max = 8;
    out->retain_bytes = in->retain_bytes;
    out->retain_shift = 6;
    out->large_cache_bytes = in->large_cache_bytes;
    out->purge_delay_ms = in->purge_delay_ms;
}
