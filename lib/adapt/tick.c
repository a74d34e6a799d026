/* SPDX-License-Identifier: MIT */
/* adapt/tick.c - what happens a few times a second, on the slow path of whoever comes by. */
#include "adapt/tick.h"

#include "base/alone.h"
#include "base/clock.h"
#include "base/task.h"
#include "settings/options.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "events/retain.h"
#include "events/usage.h"
#include "memory/large.h"
#include "memory/pool.h"
#include "memory/purge.h"
#include "memory/strippages.h"
#include "cache/sampler.h"
#include "cache/shelf.h"
#include "adapt/engine.h"
#include "adapt/helper.h"
#include "adapt/pressure.h"
#include "adapt/request.h"
#include "adapt/sampling.h"
#include "adapt/sleepers.h"

/* Memory kept must not add to a peak. What is given up costs page faults when it is needed again:
 * hence only as the peak has risen by a good part of it, which cost as many. */
enum { WORTH_SHIFT = 2, OVER_WORTH = 8 * GRANULE };

/* Give back BYTES of what is kept: large mappings first, which are whole areas and cost one system call each,
 * then EMPTY slabs. */
static void give_kept(size_t bytes)
{
    size_t large = usage_of(USAGE_KEPT_LARGE), slabs = usage_of(USAGE_KEPT_SLABS);
    size_t gone = min_size(bytes, large);
    if (gone)
        large_trim(large - gone);
    if (gone < bytes)
        purge_trim(slabs > bytes - gone ? slabs - (bytes - gone) : 0);
}

/* What is kept beyond the recent peak; what EMPTY slabs have earned above the peak is left to them. */
static void give_excess(void)
{
    size_t excess = usage_excess(), large = usage_of(USAGE_KEPT_LARGE), slabs = usage_of(USAGE_KEPT_SLABS);
    if (LIKELY(excess <= (large + slabs) >> WORTH_SHIFT))
        return;
    size_t tolerated = min_size(purge_tolerated(), slabs);
    if (excess > tolerated + ((large + slabs) >> WORTH_SHIFT))
        give_kept(excess - tolerated);
}

/* What is kept beyond the room that a soft limit leaves: that shrinks as more comes into use. */
static void give_over(size_t worth)
{
    size_t over = usage_over();
    if (UNLIKELY(over > worth))
        give_kept(over);
}

void tick_settle(struct tcache *tc)
{
    size_t peak = usage_peak(), held;
    give_excess();
    give_over(OVER_WORTH);
    if (LIKELY(peak <= tc->peak)) {
        tc->peak = peak;
        return;
    }
    held = large_parked() + shelf_bytes(tc);
    if (peak - tc->peak < held >> WORTH_SHIFT)
        return;
    tc->peak = peak;
    if (held) {
        shelf_flush(tc, "malloc");
        large_unpark();
    }
    give_excess();
}

void tick_give_back(uint64_t now_ms, size_t slabs)
{
    usage_tick(now_ms);
    give_excess();
    give_over(0);
    purge_decay(now_ms);
    strip_decay(now_ms);
    large_decay(now_ms);
    thread_flush_idle(now_ms - min_size(now_ms, policy(purge_delay_ms)), "free");
    if (engine_quiet())
        pool_trim(slabs);
    if (UNLIKELY(trace_memory_due(now_ms)))
        trace_memory(thread_count());
}

/* How long after the last tick anything may still become due. The engine may wait longer before it gives
 * back what is free inside slabs; then the helper of a program of one thread, which is to be gone soon,
 * leaves that. */
static uint64_t settle_ms(void)
{
    uint64_t delay_ms = policy(purge_delay_ms) + RETAIN_SETTLED_MS;
    return libc_single_threaded() ? delay_ms : delay_ms + ACE_PATIENCE_MAX_MS;
}

/* When the next tick is due; atomic: whoever moves it on does the work. */
static _Atomic(uint64_t) next_ms;

/* Does a thread of the program come by? Then what a tick does is its. */
static bool is_ticking(uint64_t now_ms)
{
    return now_ms < load_relaxed(&next_ms) + RETAIN_TICK_MS;
}

/* The helper's tick: the same, without a limit to what a request may wait for. Its lines of traces are
 * written by the program's next slow path: the descriptor is not the helper's. */
static void help_once(uint64_t now_ms)
{
    uint64_t due = load_relaxed(&next_ms);
    if (is_ticking(now_ms) || !alone_enter())
        return;
    if (move_on(&next_ms, due, now_ms + RETAIN_TICK_MS) && gate_enter()) {
        tick_give_back(now_ms, SIZE_MAX);
        engine_tick(now_ms);
        request_serve();
        sampling_tick(now_ms);
        gate_leave();
    }
    alone_leave();
}

/* What lies in the caches of threads that sleep; true if more may wait there already. The only thread of a
 * program does not sleep while it ticks. */
static bool help_sleepers(uint64_t now_ms, struct list **at)
{
    if ((libc_single_threaded() && is_ticking(now_ms)) || !alone_enter())
        return false;
    bool more = sleepers_take(now_ms, at);
    alone_leave();
    return more;
}

/* What the helper gives back grows with each return. */
static uint64_t given(void)
{
    return counted(COUNT_HELPER_BYTES) + counted(COUNT_SLEEPERS);
}

/* One look: true if more may wait already. */
static bool help_now(uint64_t now_ms, bool own, struct list **at)
{
    uint64_t before = given();
    pressure_level(now_ms);
    bool more = own && help_sleepers(now_ms, at);
    help_once(now_ms);
    if (given() != before)
        helper_acted(now_ms);
    return more;
}

/* What the helper does. Once nothing can become due any more, it rests. Without descriptors of its own it
 * opens nothing. */
static void help(void)
{
    enum { SOON_MS = 10 };
    uint64_t active_ms = clock_now_ms();
    bool stays = true, own = task_own_descriptors();
    struct list *at = NULL;
    if (own)
        pressure_begin();
    while (stays) {
        uint64_t now_ms = clock_now_ms(), settled_ms = settle_ms();
        bool more = help_now(now_ms, own, &at);
        if (helper_seen() || more)
            active_ms = now_ms;
        if (now_ms - active_ms < settled_ms) {
            uint32_t pause_ms = more ? SOON_MS : ACE_TICK_MS;
            helper_plans(now_ms + pause_ms, active_ms + settled_ms);
            stays = helper_sleep(pause_ms);
        } else {
            pressure_end();
            stays = helper_rest();
        }
        stays = stays && !(own && helper_left_alone());
    }
}

/* A helper is for programs that have some megabytes free, or so many in use that there may be as many in
 * slabs and caches, and that do not end at once. */
static bool is_worth_a_helper(uint64_t now_ms)
{
    enum { AGE_MS = 100 };
    static _Atomic(uint64_t) first_ms;
    static const size_t kept_least = 4 << 20, used_least = 16 << 20;
    if (option(OPT_ACE_THREAD) != 2)
        return option(OPT_ACE_THREAD) == 1;
    uint64_t first = load_relaxed(&first_ms);
    if (!first)
        store_relaxed(&first_ms, now_ms);
    if (!first || now_ms - first < AGE_MS)
        return false;
    size_t kept = usage_of(USAGE_KEPT_SLABS) + usage_of(USAGE_KEPT_LARGE) + large_parked();
    return kept >= kept_least || usage_of(USAGE_IN_USE) >= used_least;
}

enum {
    SLOW_PATHS = 32,
    TRIM_AT_ONCE = 64 /* a request must not wait for more */
};

/* TC may look at the clock now: a cut cache counts elsewhere, as its until_tick is 0 (sampler.h). */
static bool is_due(struct tcache *tc)
{
    if (!tcache_is_cut(tc))
        return true;
    tc->until_tick = 0;
    return tc->chance->until_tick-- == 0;
}

static void set_due(struct tcache *tc, uint32_t slow_paths)
{
    uint32_t *until = tcache_is_cut(tc) ? &tc->chance->until_tick : &tc->until_tick;
    *until = slow_paths;
}

/* The clock is read every so many slow paths of a thread, at once where the last reading is a tick old. What
 * is of the thread alone, it does itself each time; what is of all, the one that moves `next_ms` on. */
NOINLINE void tick_now(struct tcache *tc)
{
    if (tc && !is_due(tc))
        return;
    uint64_t now_ms = clock_now_ms(), due = load_relaxed(&next_ms);
    if (tc) {
        /* Where slow paths are rare, the next one looks again. */
        set_due(tc, now_ms - tc->ticked_ms < RETAIN_TICK_MS ? SLOW_PATHS : 0);
        tc->ticked_ms = now_ms;
        shelf_decay(tc, now_ms, "free");
        tcache_age(tc, now_ms, "free");
    }
    if (LIKELY(now_ms < due) || !move_on(&next_ms, due, now_ms + RETAIN_TICK_MS))
        return;
    tick_give_back(now_ms, TRIM_AT_ONCE);
    request_serve();
    sampling_tick(now_ms);
    if (tc) /* the engine works on caches: checked mode has none */
        engine_tick(now_ms);
    if (UNLIKELY(is_worth_a_helper(now_ms)))
        helper_wake(help, thread_count(), now_ms);
}
