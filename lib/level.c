/* SPDX-License-Identifier: MIT */
/* level.c - memory in use, kept, and its recent peak (floor F2). */
#include "level.h"

#include "layout.h"
#include "policy.h"
#include "retain.h"

enum {
    MARGIN_SHIFT = 6,         /* of what is in use, kept at any time */
    FIRST_SUPERSLAB = 2 << 20 /* never refused: no program starts without it */
};

static struct levels {
    _Atomic(size_t) bytes[LEVELS];
    _Atomic(size_t) peak, last_peak; /* of LEVEL_IN_USE, in this window and the one before */
    _Atomic(size_t) highest;         /* of LEVEL_IN_USE, ever */
    _Atomic(uint64_t) window_ms;     /* when this window began */
} levels;

static size_t in_use(void)
{
    return load_relaxed(&levels.bytes[LEVEL_IN_USE]);
}

size_t level_peak(void)
{
    size_t now = load_relaxed(&levels.peak), last = load_relaxed(&levels.last_peak);
    return now > last ? now : last;
}

size_t level_highest(void)
{
    return load_relaxed(&levels.highest);
}

size_t level_of(enum level level)
{
    return load_relaxed(&levels.bytes[level]);
}

void level_add(enum level level, size_t bytes)
{
    size_t sum = add_relaxed(&levels.bytes[level], bytes) + bytes;
    if (level != LEVEL_IN_USE || sum <= load_relaxed(&levels.peak))
        return;
    store_relaxed(&levels.peak, sum);
    if (sum > load_relaxed(&levels.highest))
        store_relaxed(&levels.highest, sum);
}

void level_sub(enum level level, size_t bytes)
{
    sub_relaxed(&levels.bytes[level], bytes);
}

bool level_may_map(size_t bytes)
{
    uint64_t limit = policy(limit_bytes);
    size_t sum = add_relaxed(&levels.bytes[LEVEL_MAPPED], bytes) + bytes;
    if (LIKELY(limit == 0) || sum <= limit || sum <= FIRST_SUPERSLAB)
        return true;
    level_unmapped(bytes);
    return false;
}

void level_unmapped(size_t bytes)
{
    level_sub(LEVEL_MAPPED, bytes);
}

size_t level_headroom(void)
{
    size_t used = in_use() + load_relaxed(&levels.bytes[LEVEL_KEPT_LARGE]), most = level_peak();
    return most > used ? most - used : 0;
}

size_t level_excess(void)
{
    size_t used = in_use(), most = level_peak() + (used >> MARGIN_SHIFT);
    most += load_relaxed(&levels.bytes[LEVEL_PREWARMED]);
    size_t all =
        used + load_relaxed(&levels.bytes[LEVEL_KEPT_SLABS]) + load_relaxed(&levels.bytes[LEVEL_KEPT_LARGE]);
    return all > most ? all - most : 0;
}

void level_tick(uint64_t now_ms)
{
    uint64_t began = load_relaxed(&levels.window_ms);
    if (now_ms - began < RETAIN_PEAK_MS || !move_on(&levels.window_ms, began, now_ms))
        return;
    store_relaxed(&levels.last_peak, load_relaxed(&levels.peak));
    store_relaxed(&levels.peak, in_use());
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_level[] = {
    LAYOUT_FIELD(levels, bytes),
    LAYOUT_CONSTANT(LEVEL_IN_USE),
    LAYOUT_CONSTANT(LEVEL_KEPT_SLABS),
    LAYOUT_CONSTANT(LEVEL_KEPT_LARGE),
    LAYOUT_END,
};
const struct layout_row layout_at_level[] = {
    LAYOUT_ADDRESS(levels),
    LAYOUT_END,
};
