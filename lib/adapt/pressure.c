/* SPDX-License-Identifier: MIT */
/* adapt/pressure.c - what the system says of its memory, and what follows: less is kept, or more.
 *
 * The kernel counts the microseconds in which some task waited for memory, and in which all did. As with its
 * own triggers, it is an event as soon as more of them than a threshold came since a window began, and the
 * next one begins. The triggers themselves would have to be polled beside the futex, and are refused to many
 * processes; the counts are there for all.
 *
 * A level lasts until a window has passed without an event. */
#include "adapt/pressure.h"

#include "base/alone.h"
#include "base/bits.h"
#include "base/cgroup.h"
#include "base/gate.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "events/usage.h"
#include "memory/large.h"
#include "memory/pool.h"
#include "cache/thread.h"
#include "adapt/engine.h"
#include "adapt/release.h"

enum {
    WINDOW_MS = 2000,
    SOME_US = 150000, /* waited in a window: an event */
    FULL_US = 100000,
    PLENTY_MS = 10000, /* nobody waited for so long: memory is plenty */
    LIMITS_MS = 2000   /* between two looks at the limits */
};

/* What the engine and the owners of what is kept are told. */
struct pressure_news {
    uint64_t group_bytes;
    enum policy_pressure level, event;
    bool plenty;
};

/* Of the helper; of two helpers, before and after fork, the second begins anew. */
static struct {
    bool begun;
    struct cgroup_files files;
    uint64_t limits_ms, group_bytes;  /* when they were read; the most that the group may have, 0: no limit */
    struct cgroup_stall last, window; /* at the last look, and when the window began */
    uint64_t window_ms, waited_ms;    /* when it began; when somebody had waited */
    uint64_t event_ms[PRESSURE_FULL + 1];
    bool told;                      /* by the file, at the last look */
    struct pressure_news told_last; /* what the engine goes by */
    enum policy_pressure missed;    /* an event of which nobody could be told yet */
} known;

void pressure_begin(void)
{
    known = (__typeof__(known)){.begun = true, .told_last = known.told_last};
    cgroup_open(&known.files);
}

/* --- What the system says --------------------------------------------------------------------------*/

static void begin_window(uint64_t now_ms, const struct cgroup_stall *stall)
{
    known.window = *stall;
    known.window_ms = now_ms;
}

/* More than THRESHOLD since the window began; or the same rate, where the helper slept for longer. */
static bool exceeds(uint64_t waited_us, uint64_t threshold, uint64_t ms)
{
    return ms <= WINDOW_MS ? waited_us >= threshold : waited_us / ms >= threshold / WINDOW_MS;
}

/* A count that went back is of another group, or was made up. */
static bool went_back(const struct cgroup_stall *stall)
{
    return stall->some < known.last.some || stall->full < known.last.full;
}

/* The event that STALL tells of. */
static enum policy_pressure event(const struct cgroup_stall *stall, uint64_t now_ms)
{
    uint64_t ms = now_ms - known.window_ms;
    if (exceeds(stall->full - known.window.full, FULL_US, ms))
        return PRESSURE_FULL;
    return exceeds(stall->some - known.window.some, SOME_US, ms) ? PRESSURE_SOME : PRESSURE_NONE;
}

static enum policy_pressure look(uint64_t now_ms)
{
    struct cgroup_stall stall;
    if (!cgroup_stall(&known.files, &stall)) {
        known.told = false; /* what comes next is nothing to compare with what was */
        return PRESSURE_NONE;
    }
    bool first = !known.told || went_back(&stall);
    enum policy_pressure level = first ? PRESSURE_NONE : event(&stall, now_ms);
    if (first || stall.some != known.last.some)
        known.waited_ms = now_ms;
    if (first || level != PRESSURE_NONE || now_ms - known.window_ms >= WINDOW_MS)
        begin_window(now_ms, &stall);
    known.last = stall;
    known.told = true;
    return level;
}

/* The most that the group may have, 0 for no limit. */
static uint64_t group_limit(void)
{
    uint64_t least = cgroup_least(&known.files);
    return least == UINT64_MAX ? 0 : max_size(1, least);
}

/* --- What follows ----------------------------------------------------------------------------------*/

/* Events of a window hold for as long, the higher one first. */
static enum policy_pressure level_at(uint64_t now_ms)
{
    for (unsigned level = PRESSURE_FULL; level > PRESSURE_NONE; level--)
        if (known.event_ms[level] && now_ms - known.event_ms[level] < WINDOW_MS)
            return (enum policy_pressure)level;
    return PRESSURE_NONE;
}

/* The policy follows at once. */
static void tell_engine(struct pressure_news news)
{
    struct ace_settings *set = engine_settings();
    if (set->group_bytes != news.group_bytes || set->pressure != news.level || set->plenty != news.plenty) {
        set->group_bytes = news.group_bytes;
        set->pressure = news.level;
        set->plenty = news.plenty;
        engine_decide();
    }
    engine_release();
}

void pressure_forget(void)
{
    if (!known.begun)
        return;
    known.begun = false;
    known.told_last.level = PRESSURE_NONE;
    known.told_last.plenty = false;
    struct ace_settings *set = engine_settings();
    set->pressure = PRESSURE_NONE;
    set->plenty = false;
    engine_release();
}

/* What is kept goes; FULL: what is cached, too. Caches of threads at work are theirs: they obey the policy
 * with their next slow path; those of threads that sleep are taken at once (sleepers.c reads the policy). */
static size_t give_back(bool full)
{
    thread_flush_idle(UINT64_MAX, "free"); /* first: what comes home may make slabs EMPTY */
    large_unpark();
    size_t bytes = full ? pool_trim(SIZE_MAX) : 0;
    return bytes + release_kept(usage_of(USAGE_PREWARMED));
}

static void act(struct pressure_news news)
{
    tell_engine(news);
    if (news.event == PRESSURE_NONE)
        return;
    count(news.event == PRESSURE_FULL ? COUNT_PRESSURE_FULL : COUNT_PRESSURE_SOME, 1);
    count(COUNT_PRESSURE_BYTES, give_back(news.event == PRESSURE_FULL));
}

/* Whether there is anything new: the program's thread need not be kept out for what it was told. */
static bool is_news(struct pressure_news news)
{
    return news.event != PRESSURE_NONE || news.level != known.told_last.level ||
           news.plenty != known.told_last.plenty || news.group_bytes != known.told_last.group_bytes;
}

/* Where the heap cannot be entered now, the next call tries again. */
static void tell(struct pressure_news news)
{
    news.event = news.event > known.missed ? news.event : known.missed;
    if (!is_news(news))
        return;
    known.missed = news.event;
    if (!alone_enter())
        return;
    if (gate_enter()) {
        act(news);
        known.missed = PRESSURE_NONE;
        known.told_last = news;
        gate_leave();
    }
    alone_leave();
}

void pressure_level(uint64_t now_ms)
{
    if (!known.begun)
        return;
    if (!known.limits_ms || now_ms - known.limits_ms >= LIMITS_MS) {
        known.limits_ms = now_ms;
        known.group_bytes = group_limit();
    }
    enum policy_pressure event = look(now_ms);
    if (event != PRESSURE_NONE)
        known.event_ms[event] = now_ms;
    bool plenty = known.told && now_ms - known.waited_ms >= PLENTY_MS;
    tell((struct pressure_news){known.group_bytes, level_at(now_ms), event, plenty});
}

/* The group's limits stay what they were. */
void pressure_end(void)
{
    if (known.begun)
        tell((struct pressure_news){known.group_bytes, PRESSURE_NONE, PRESSURE_NONE, false});
}
