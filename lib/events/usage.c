/* SPDX-License-Identifier: MIT */
/* events/usage.c - memory in use, kept, and its recent peak. */
#include "events/usage.h"

#include "base/layout.h"
#include "settings/policy.h"
#include "events/retain.h"

enum {
    MARGIN_SHIFT = 6,         /* of what is in use, kept at any time */
    FIRST_SUPERSLAB = 2 << 20 /* never refused: no program starts without it */
};

static struct usages {
    _Atomic(size_t) bytes[USAGES];
    _Atomic(size_t) peak, last_peak; /* of USAGE_IN_USE, in this window and the one before */
    _Atomic(size_t) highest;         /* of USAGE_IN_USE, ever */
    _Atomic(uint64_t) window_ms;     /* when this window began */
} usages;

static size_t in_use(void)
{
    return load_relaxed(&usages.bytes[USAGE_IN_USE]);
}

size_t usage_peak(void)
{
    size_t now = load_relaxed(&usages.peak), last = load_relaxed(&usages.last_peak);
    return now > last ? now : last;
}

size_t usage_highest(void)
{
    return load_relaxed(&usages.highest);
}

size_t usage_of(enum usage usage)
{
    return load_relaxed(&usages.bytes[usage]);
}

void usage_add(enum usage usage, size_t bytes)
{
    size_t sum = add_relaxed(&usages.bytes[usage], bytes) + bytes;
    if (usage != USAGE_IN_USE || sum <= load_relaxed(&usages.peak))
        return;
    store_relaxed(&usages.peak, sum);
    if (sum > load_relaxed(&usages.highest))
        store_relaxed(&usages.highest, sum);
}

void usage_sub(enum usage usage, size_t bytes)
{
    sub_relaxed(&usages.bytes[usage], bytes);
}

bool usage_may_map(size_t bytes)
{
    uint64_t limit = policy(limit_bytes);
    size_t sum = add_relaxed(&usages.bytes[USAGE_MAPPED], bytes) + bytes;
    if (LIKELY(limit == 0) || sum <= limit || sum <= FIRST_SUPERSLAB)
        return true;
    usage_unmapped(bytes);
    return false;
}

void usage_unmapped(size_t bytes)
{
    usage_sub(USAGE_MAPPED, bytes);
}

size_t usage_headroom(void)
{
    size_t used = in_use() + load_relaxed(&usages.bytes[USAGE_KEPT_LARGE]), most = usage_peak();
    return most > used ? most - used : 0;
}

size_t usage_excess(void)
{
    size_t used = in_use(), most = usage_peak() + (used >> MARGIN_SHIFT);
    most += load_relaxed(&usages.bytes[USAGE_PREWARMED]);
    size_t all =
        used + load_relaxed(&usages.bytes[USAGE_KEPT_SLABS]) + load_relaxed(&usages.bytes[USAGE_KEPT_LARGE]);
    return all > most ? all - most : 0;
}

void usage_tick(uint64_t now_ms)
{
    uint64_t began = load_relaxed(&usages.window_ms);
    if (now_ms - began < RETAIN_PEAK_MS || !move_on(&usages.window_ms, began, now_ms))
        return;
    store_relaxed(&usages.last_peak, load_relaxed(&usages.peak));
    store_relaxed(&usages.peak, in_use());
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_usage[] = {
    LAYOUT_ADDRESS(usages.bytes),
    LAYOUT_ADDRESS(usages.highest),
    LAYOUT_END,
};
