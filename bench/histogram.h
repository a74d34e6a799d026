/* SPDX-License-Identifier: MIT */
/* histogram.h - counts of values that span many orders of magnitude, without malloc.
 *
 * Values below 64 have a bucket each; above, each power of two is divided into 64, which is exact to less
 * than one per cent. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BITS = 6, HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS };
enum { HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS };

struct histogram {
    uint64_t total, max;
    uint64_t count[HISTOGRAM_BUCKETS];
};

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
    uint64_t bucket = value;

    if (value >= HISTOGRAM_STEPS) {
        int shift = 63 - __builtin_clzll(value) - HISTOGRAM_BITS;

        bucket = (uint64_t)shift * HISTOGRAM_STEPS + (value >> shift);
    }
    histogram->count[bucket]++;
    histogram->total++;
    if (histogram->max < value)
        histogram->max = value;
}

static inline void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->count[i] += from->count[i];
    into->total += from->total;
    into->max = into->max < from->max ? from->max : into->max;
}

/* The middle of a bucket. */
static inline uint64_t histogram_value(int bucket)
{
    int shift = bucket / HISTOGRAM_STEPS - 1;

    if (shift < 1)
        return (uint64_t)bucket;
    return ((uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << shift) + (1ull << (shift - 1));
}

/* SHARE (0 to 1) of the values are at most as large as this. */
static inline uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)histogram->total), seen = 0;

    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->count[i];
        if (seen > wanted)
            return histogram_value(i) < histogram->max ? histogram_value(i) : histogram->max;
    }
    return histogram->max;
}

#endif
