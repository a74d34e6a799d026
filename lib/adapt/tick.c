/* SPDX-License-Identifier: MIT */
/* adapt/tick.c - what happens a few times a second, on the slow path of whoever comes by. */
#include "adapt/tick.h"

#include "base/clock.h"
#include "settings/options.h"
#include "settings/policy.h"
#include "events/retain.h"
#include "events/usage.h"
#include "memory/large.h"
#include "memory/pool.h"
#include "memory/purge.h"
#include "memory/strippages.h"
#include "cache/shelf.h"
#include "adapt/engine.h"
#include "adapt/helper.h"
#include "adapt/sleepers.h"

/* Memory kept must not add to a peak. What is given up costs page faults when it is needed again:
 * hence only as the peak has risen by a good part of it, which cost as many. */
enum { WORTH_SHIFT = 2 };

/* Give back what is kept beyond the recent peak: large mappings first, which are whole areas and cost one
 * system call each, then EMPTY slabs. What EMPTY slabs have earned above the peak is left to them. */
static void give_excess(void)
{
    size_t excess = usage_excess(), large = usage_of(USAGE_KEPT_LARGE), slabs = usage_of(USAGE_KEPT_SLABS);
    if (LIKELY(excess <= (large + slabs) >> WORTH_SHIFT))
        return;
    size_t tolerated = min_size(purge_tolerated(), slabs);
    if (excess <= tolerated + ((large + slabs) >> WORTH_SHIFT))
        return;
    excess -= tolerated;
    size_t gone = min_size(excess, large);
    if (gone)
        large_trim(large - gone);
    if (gone < excess)
        purge_trim(slabs > excess - gone ? slabs - (excess - gone) : 0);
}

void tick_settle(struct tcache *tc)
{
    size_t peak = usage_peak(), held;
    give_excess();
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
    purge_decay(now_ms);
    strip_decay(now_ms);
    large_decay(now_ms);
    thread_flush_idle(now_ms - min_size(now_ms, policy(purge_delay_ms)), "free");
    if (engine_quiet())
        pool_trim(slabs);
    if (UNLIKELY(trace_memory_due(now_ms)))
        trace_memory(thread_count());
}

/* How long after the last tick anything may still become due. */
static uint64_t settle_ms(void)
{
    uint64_t delay_ms = engine_settings()->number[OPT_PURGE_DELAY];
    engine_release();
    return RETAIN_SETTLED_MS + ACE_PATIENCE_MAX_MS + delay_ms;
}

/* The helper: the same, and without a limit to what a request may wait for; and what it alone may do. It
 * sleeps for good once nothing can become due any more. */
static void *help(void *arg)
{
    (void)arg;
    enum { SOON_MS = 10 };
    struct list *at = NULL;
    thread_self.phase = THREAD_ENDED; /* it allocates nothing and needs no cache */
    for (uint64_t active_ms = clock_now_ms();;) {
        uint64_t now_ms = clock_now_ms();
        if (helper_seen())
            active_ms = now_ms;
        bool more = sleepers_take(now_ms, &at);
        if (more)
            active_ms = now_ms;
        if (gate_enter()) {
            tick_give_back(now_ms, SIZE_MAX);
            engine_tick(now_ms);
            gate_leave();
            tick_traces();
        }
        if (more)
            helper_sleep(SOON_MS);
        else
            helper_sleep(now_ms - active_ms < settle_ms() ? ACE_TICK_MS : 0);
    }
    return NULL;
}

enum {
    SLOW_PATHS = 32,
    TRIM_AT_ONCE = 64 /* a request must not wait for more */
};

/* The clock is read every so many slow paths of a thread, at once where the last reading is a tick old. What
 * is of the thread alone, it does itself each time; what is of all, the one that moves `next_ms` on. */
NOINLINE void tick_now(struct tcache *tc)
{
    static _Atomic(uint64_t) next_ms; /* atomic: whoever moves it on does the work */
    uint64_t now_ms = clock_now_ms(), due = load_relaxed(&next_ms);
    if (tc) {
        /* Where slow paths are rare, the next one looks again. */
        tc->until_tick = now_ms - tc->ticked_ms < RETAIN_TICK_MS ? SLOW_PATHS : 0;
        tc->ticked_ms = now_ms;
        shelf_decay(tc, now_ms, "free");
        tcache_age(tc, now_ms, "free");
    }
    if (LIKELY(now_ms < due) || !move_on(&next_ms, due, now_ms + RETAIN_TICK_MS))
        return;
    tick_give_back(now_ms, TRIM_AT_ONCE);
    if (tc) /* the engine works on caches: checked mode has none */
        engine_tick(now_ms);
    if (UNLIKELY(option(OPT_ACE_THREAD)))
        helper_wake(help);
}
