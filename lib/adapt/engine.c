/* SPDX-License-Identifier: MIT */
/* adapt/engine.c - the adaptive engine of this process: samples and decisions. */
#include "adapt/engine.h"

#include <string.h>

#include "base/layout.h"
#include "base/lock.h"
#include "base/os.h"
#include "settings/options.h"
#include "events/counters.h"
#include "events/usage.h"
#include "memory/hugepages.h"
#include "memory/pool.h"
#include "cache/thread.h"

enum { GROWN_DUE = 8 /* superslabs mapped since the last decision make one due at once */ };

/* By the ENGINE lock, but for the last three. */
static struct engine {
    struct ace_settings settings;
    struct ace_state state;
    struct ace_sample sample;
    struct ace_result result;
    uint64_t decisions;
    _Atomic(uint64_t) next_ms; /* atomic: whoever moves it on decides */
    _Atomic(uint64_t) grown;   /* relaxed, a hint: superslabs mapped at the last decision */
    _Atomic(bool) quiet;       /* relaxed, a hint: result.quiet */
} engine;

static void lock_engine(void)
{
    lock_take(RANK_ENGINE);
}

static void unlock_engine(void)
{
    lock_give(RANK_ENGINE);
}

/* Counters of other threads, read as they are: a moment's picture. */
void engine_sample(struct ace_sample *s, uint64_t now_ms)
{
    s->now_ms = now_ms;
    s->in_use = usage_of(USAGE_IN_USE);
    s->kept = usage_of(USAGE_KEPT_SLABS) + usage_of(USAGE_KEPT_LARGE);
    s->mapped = usage_of(USAGE_MAPPED);
    s->grown = counted(COUNT_STAGE_NEW);
    s->refused = counted(COUNT_MAP_REFUSED);
    s->others = counted(COUNT_SPAN_ALLOCS) + counted(COUNT_LARGE_ALLOCS);
    s->threads = (uint32_t)thread_count();
    for (unsigned c = 1; c < CLASSES; c++) {
        struct pool_counts counts = pool_counts(c);
        s->refills[c] = counts.refills;
        s->drains[c] = counts.drains;
        s->slabs[c] = counts.slabs;
        s->out[c] = counts.out;
    }
}

/* Lock held, or at start. */
void engine_decide(void)
{
    ace_decide(&engine.settings, &engine.sample, &engine.state, &engine.result);
    policy_publish(&engine.result.policy);
    engine.decisions++;
}

/* The settings are what they will be. Only where huge pages are asked for or refused may madvise be called in
 * a process of one thread (os.c). */
static void note_settings(void)
{
    store_relaxed(&os_may_advise, engine.settings.number[OPT_HUGE_PAGES] != 1);
}

/* Under the START lock, while nobody else reads the policy: it is written as a whole. Afterwards only single
 * fields change. */
void engine_start(void)
{
    struct ace_settings *set = &engine.settings;
    memcpy(set->number, option_page.values.number, sizeof set->number);
    note_settings();
    ace_begin(set, &engine.result.policy);
    policy_begin(&engine.result.policy);
}

struct ace_settings *engine_settings(void)
{
    lock_engine();
    return &engine.settings;
}

void engine_release(void)
{
    note_settings();
    unlock_engine();
}

/* Growth makes a decision due at once: what is mapped next should not wait for the clock. `grown` may be
 * stored by two threads, of which one decides: either value is of this moment. */
static bool is_due(uint64_t now_ms)
{
    uint64_t due = load_relaxed(&engine.next_ms), grown = counted(COUNT_STAGE_NEW);
    if (now_ms < due && grown - load_relaxed(&engine.grown) < GROWN_DUE)
        return false;
    store_relaxed(&engine.grown, grown);
    return move_on(&engine.next_ms, due, now_ms + ACE_TICK_MS);
}

void engine_tick(uint64_t now_ms)
{
    if (!is_due(now_ms))
        return;
    bool dense = false;
    lock_engine();
    if (engine.settings.number[OPT_ACE]) {
        engine_sample(&engine.sample, now_ms);
        engine_decide();
        store_relaxed(&engine.quiet, engine.result.quiet);
        dense = engine.result.policy.huge == HUGE_DENSE;
    }
    unlock_engine();
    if (dense) /* system calls: without the lock */
        huge_promote();
}

bool engine_quiet(void)
{
    return load_relaxed(&engine.quiet);
}

uint64_t engine_last(struct ace_result *result, struct ace_state *state)
{
    lock_engine();
    *result = engine.result;
    *state = engine.state;
    uint64_t n = engine.decisions;
    unlock_engine();
    return n;
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_engine[] = {
    LAYOUT_ADDRESS(engine.settings),
    LAYOUT_ADDRESS(engine.decisions),
    LAYOUT_ADDRESS(live_policy),
    LAYOUT_END,
};
