/* SPDX-License-Identifier: MIT */
/* events/usage.c - memory in use, kept, and its recent peak. */
#include "events/usage.h"

#include "base/layout.h"
#include "base/os.h"
#include "base/sizeclass.h"
#include "settings/policy.h"
#include "events/retain.h"

enum { FIRST_SUPERSLAB = 2 << 20 /* never refused: no program starts without it */ };

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

/* The peaks are raised without a loop of compare and swap: of two threads at once the lower one may win. The
 * next allocation raises it again, and what hangs on it is how much is kept. */
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

/* Counted first and taken back where it is too much: two threads at once may both be refused at the very
 * limit, but never both be let past it. */
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

static size_t less(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

/* Of a limit L with U in use L - U, but from 3/4 L on 2 (7/8 L - U): both are L/4 there. */
static COLD size_t room_below(uint64_t limit)
{
    size_t used = in_use(), left = less(limit, used), quarter = limit / 4;
    return left >= quarter ? left : 2 * less(left, quarter / 2);
}

size_t usage_room(void)
{
    uint64_t limit = policy(soft_limit_bytes);
    if (UNLIKELY(policy(pressure) != PRESSURE_NONE))
        return 0;
    return LIKELY(!limit) ? SIZE_MAX : room_below(limit);
}

size_t usage_over(void)
{
    size_t room = usage_room(), prewarmed = load_relaxed(&usages.bytes[USAGE_PREWARMED]);
    size_t slabs = less(load_relaxed(&usages.bytes[USAGE_KEPT_SLABS]), prewarmed);
    return less(slabs + load_relaxed(&usages.bytes[USAGE_KEPT_LARGE]), room);
}

/* Large mappings that are kept count here as if they were in use: EMPTY slabs get what they leave of the
 * peak. */
size_t usage_headroom(void)
{
    return less(usage_peak(), in_use() + load_relaxed(&usages.bytes[USAGE_KEPT_LARGE]));
}

size_t usage_excess(void)
{
    size_t used = in_use(), most = usage_peak() + (used >> policy(margin_shift));
    most += load_relaxed(&usages.bytes[USAGE_PREWARMED]);
    return less(used + load_relaxed(&usages.bytes[USAGE_KEPT_SLABS]) +
                    load_relaxed(&usages.bytes[USAGE_KEPT_LARGE]),
                most);
}

/* Two windows, so that a peak is remembered for one to two of their lengths, and no list of peaks is
 * needed. */
void usage_tick(uint64_t now_ms)
{
    uint64_t began = load_relaxed(&usages.window_ms);
    if (now_ms - began < RETAIN_PEAK_MS || !move_on(&usages.window_ms, began, now_ms))
        return;
    store_relaxed(&usages.last_peak, load_relaxed(&usages.peak));
    store_relaxed(&usages.peak, in_use());
}

/* --- Is address space scarce? ----------------------------------------------------------------------*/

enum { PLENTY = 32 }; /* times what is mapped */
static const size_t PROBE_MOST = (size_t)64 << 30;

/* RLIMIT_AS and RLIMIT_DATA as the process began. Written before there are threads. */
static struct {
    uint64_t space, data;
} limits = {UINT64_MAX, UINT64_MAX};

/* What was mapped when the system was asked last, and whether it refused. Relaxed: hints. */
static _Atomic(size_t) asked_at;
static _Atomic(bool) refused;

void usage_set_limits(uint64_t space, uint64_t data)
{
    limits.space = space;
    limits.data = data;
}

uint64_t usage_limit(void)
{
    uint64_t own = policy(limit_bytes) ? policy(limit_bytes) : UINT64_MAX;
    uint64_t systems = limits.space < limits.data ? limits.space : limits.data;
    return own < systems ? own : systems;
}

/* A limit that was set since then is found by asking for so much. Not where there was one at the start: what
 * is granted here, for a moment, another thread cannot have. */
static bool is_refused(size_t mapped)
{
    size_t last = load_relaxed(&asked_at);
    if (mapped > last + last / 8 || mapped < last / 2) {
        store_relaxed(&asked_at, mapped);
        store_relaxed(&refused, !os_could_reserve(min_size(mapped * PLENTY, PROBE_MOST)));
    }
    return load_relaxed(&refused);
}

bool usage_scarce(void)
{
    size_t mapped = usage_of(USAGE_MAPPED), plenty = mapped * PLENTY;
    if (policy(growth_step) != SUPERSLAB || (policy(limit_bytes) && policy(limit_bytes) < plenty))
        return true;
    if (limits.data < plenty || limits.space < plenty)
        return true;
    return limits.space == UINT64_MAX && is_refused(mapped);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_usage[] = {
    LAYOUT_ADDRESS(usages.bytes),
    LAYOUT_ADDRESS(usages.highest),
    LAYOUT_END,
};
