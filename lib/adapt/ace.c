/* SPDX-License-Identifier: MIT */
/* adapt/ace.c - the adaptive engine: settings and what was counted in, a policy out. */
#include "adapt/ace.h"

#include "base/bits.h"

enum {
    /* More blocks in a magazine than this gain nothing where nothing thrashes: one exchange is already
     * spread over enough of them. */
    MAGAZINE_MAX = 256,
    MAGAZINE_MOST = 1024, /* with a boost */
    /* Many magazines are on their way between threads at a time: a quarter of the bytes for those. */
    TRAVEL_SHIFT = 2,

    GROWTH_USUAL = 8, /* superslabs in a step */
    GROWTH_FAST = 32,
    GROWTH_TINY = SUPERSLAB / 4, /* bytes opened at a time where memory is tight */
    FAST_GROWTH = 8,             /* superslabs between two decisions: growth is fast */
    FAST_TICKS = 2,
    TIGHT_TICKS = 64, /* about ten seconds */

    THRASH_EVENTS = 32, /* refills and drains between two decisions, each */
    THRASH_TICKS = 2,
    CALM_TICKS = 64, /* large enough, or not used any more: tried with less after ten seconds */
    BOOST_MAX = 2,
    BOOST_SHARE = 64, /* all boosts together may hold this part of what is in use */

    MANY_THREADS = 8,       /* more share what these would have cached */
    LEAST_TRAVEL = 2 << 10, /* bytes of a magazine, however many threads there are */

    QUIET_SHARE = 16,     /* events are few below this part of the busiest interval */
    QUIET_EVENTS = 8,     /* ... or below this number */
    QUIET_MS = 500,       /* the least patience */
    LONG_QUIET_MS = 8000, /* a quiet time that was worth what it cost */
    FADE_SHIFT = 4,       /* the busiest interval loses a sixteenth with each decision */

    IDLE_MS = 1000,
    FULL_SHIFT = 3, /* an eighth of each magazine, where everybody waits for memory */
    RETAIN_SHIFT = 6,
    DENSE_SHIFT = 3 /* a heap is dense if at most an eighth of its slabs is free, and of the heap kept */
};
static const uint64_t LARGE_HEAP = 64 << 20; /* bytes in use before huge pages are worth it */

static uint16_t magazine(uint64_t bytes, unsigned c)
{
    return (uint16_t)max_size(1, min_size(bytes / class_size(c), MAGAZINE_MAX));
}

/* The lower one of the two limits, of which 0 is none; that of the control group is the engine's to see. */
static uint64_t soft_limit(const struct ace_settings *set)
{
    uint64_t own = set->number[OPT_SOFT_LIMIT_BYTES], group = set->number[OPT_ACE] ? set->group_bytes : 0;
    return own && group ? min_size(own, group) : own + group;
}

void ace_begin(const struct ace_settings *set, struct policy *p)
{
    static const uint8_t huge[] = {HUGE_NEVER, HUGE_AS_IS, HUGE_GROWTH};
    *p = (struct policy){.growth_max = GROWTH_USUAL,
                         .growth_step = SUPERSLAB,
                         .huge = huge[set->number[OPT_HUGE_PAGES]],
                         .retain_shift = RETAIN_SHIFT,
                         .purge_delay_ms = (uint32_t)set->number[OPT_PURGE_DELAY],
                         .idle_ms = set->number[OPT_ACE] ? IDLE_MS : 0,
                         .retain_bytes = set->number[OPT_SS_EMPTY_REUSE] ? set->number[OPT_RETAIN_BYTES] : 0,
                         .large_cache_bytes = set->number[OPT_LARGE_CACHE_BYTES],
                         .limit_bytes = set->number[OPT_LIMIT_BYTES],
                         .soft_limit_bytes = soft_limit(set),
                         .margin_shift = MARGIN_SHIFT,
                         .tolerance_shift = TOLERANCE_SHIFT};
    p->magazine[CLASS_NONE] = p->travelling[CLASS_NONE] = 1;
    for (unsigned c = 1; c < CLASSES; c++) {
        p->magazine[c] = magazine(set->number[OPT_CACHE_BYTES], c);
        p->travelling[c] = magazine(set->number[OPT_CACHE_BYTES] >> TRAVEL_SHIFT, c);
        p->soft_cap[c] = set->cap[c];
    }
}

/* Counters of events only rise, modulo 2^32. */
static uint32_t refills(const struct ace_sample *now, const struct ace_sample *last, unsigned c)
{
    return now->refills[c] - last->refills[c];
}

static uint32_t drains(const struct ace_sample *now, const struct ace_sample *last, unsigned c)
{
    return now->drains[c] - last->drains[c];
}

/* --- Activity ------------------------------------------------------------------------------------*/

/* Events in ACE_TICK_MS, from those since the last decision: that is long ago where nothing happens. */
static uint32_t event_rate(const struct ace_sample *now, const struct ace_sample *last)
{
    uint64_t events = now->others - last->others;
    for (unsigned c = 1; c < CLASSES; c++)
        events += refills(now, last, c) + drains(now, last, c);
    uint64_t ms = max_size(now->now_ms - last->now_ms, ACE_TICK_MS);
    return (uint32_t)min_size(events * ACE_TICK_MS / ms, UINT32_MAX);
}

/* What is given back in a quiet time costs page faults in the next busy one. Where that came soon, more
 * patience is needed before; where it did not, less. */
static void learn_patience(struct ace_state *s)
{
    if (!s->was_quiet)
        return;
    s->was_quiet = false;
    s->patience_ms = s->quiet_ms < LONG_QUIET_MS ? (uint32_t)min_size(s->patience_ms * 2, ACE_PATIENCE_MAX_MS)
                                                 : (uint32_t)max_size(s->patience_ms / 2, QUIET_MS);
}

static bool is_quiet(const struct ace_sample *now, struct ace_state *s)
{
    uint32_t rate = event_rate(now, &s->last);
    if (s->patience_ms == 0)
        s->patience_ms = QUIET_MS;
    s->busiest -= s->busiest >> FADE_SHIFT;
    if (rate > s->busiest)
        s->busiest = rate;
    if (rate > QUIET_EVENTS && rate > s->busiest / QUIET_SHARE) {
        learn_patience(s);
        s->quiet_ms = 0;
        return false;
    }
    s->quiet_ms = (uint32_t)min_size(s->quiet_ms + (now->now_ms - s->last.now_ms), UINT32_MAX / 2);
    s->was_quiet = s->quiet_ms >= s->patience_ms;
    return s->was_quiet;
}

/* --- Magazines -----------------------------------------------------------------------------------*/

/* At least one: it is a divisor. */
static unsigned active_classes(const struct ace_sample *now, const struct ace_sample *last)
{
    unsigned n = 0;
    for (unsigned c = 1; c < CLASSES; c++)
        n += refills(now, last, c) != 0 || drains(now, last, c) != 0;
    return n < 1 ? 1 : n;
}

/* Bytes that the magazines of class C hold beyond what they would without a boost: two in each thread. */
static uint64_t boost_bytes(const struct ace_sample *now, const struct policy *p, unsigned c, unsigned boost)
{
    return (uint64_t)class_size(c) * p->magazine[c] * ((1u << boost) - 1) * 2 * max_size(1, now->threads);
}

/* A class that fills magazines from slabs and returns others to them, again and again, wants larger ones:
 * what it gives back is what it takes. It gets them while all of these are little beside what is in use. One
 * step a decision each way, and only after several that agree, so that it does not swing; what all hold is
 * summed first, and the steps of this decision are counted against it one by one. */
static void boost_classes(const struct ace_sample *now, struct ace_state *s, struct policy *p)
{
    uint64_t held = 0, most = now->in_use / BOOST_SHARE;
    for (unsigned c = 1; c < CLASSES; c++)
        held += boost_bytes(now, p, c, s->boost[c]);
    for (unsigned c = 1; c < CLASSES; c++) {
        uint32_t in = refills(now, &s->last, c), back = drains(now, &s->last, c);
        s->calm[c] = in || back ? 0 : (uint8_t)min_size(s->calm[c] + 1u, UINT8_MAX);
        bool thrashes = in >= THRASH_EVENTS && back >= THRASH_EVENTS;
        s->thrash[c] = thrashes ? (uint8_t)min_size(s->thrash[c] + 1u, THRASH_TICKS) : 0;
        uint64_t more = boost_bytes(now, p, c, s->boost[c] + 1u) - boost_bytes(now, p, c, s->boost[c]);
        if (s->boost[c] && (s->calm[c] >= CALM_TICKS || held > most)) {
            held -= boost_bytes(now, p, c, s->boost[c]) - boost_bytes(now, p, c, s->boost[c] - 1u);
            s->boost[c]--;
            s->calm[c] = 0;
        } else if (s->thrash[c] == THRASH_TICKS && s->boost[c] < BOOST_MAX && held + more <= most) {
            held += more;
            s->boost[c]++;
            s->thrash[c] = 0;
        }
    }
    for (unsigned c = 1; c < CLASSES; c++) {
        p->magazine[c] = (uint16_t)min_size((size_t)p->magazine[c] << s->boost[c], MAGAZINE_MOST);
        p->travelling[c] = (uint16_t)min_size((size_t)p->travelling[c] << s->boost[c], MAGAZINE_MOST);
    }
}

/* Where the caches of many threads could hold more than all that is in use, they share the bytes that
 * MANY_THREADS may cache. (Sharing earlier cost 64 threads 40 % of their speed, for 30 % of their memory.) */
static void share_magazines(const struct ace_settings *set, const struct ace_sample *now,
                            const struct ace_state *s, struct policy *p)
{
    if (now->threads <= MANY_THREADS)
        return;
    uint64_t by_threads = (set->number[OPT_CACHE_BYTES] >> TRAVEL_SHIFT) * MANY_THREADS / now->threads;
    uint64_t by_use = now->in_use / now->threads / active_classes(now, &s->last);
    uint64_t bytes = max_size(LEAST_TRAVEL, max_size(by_threads, by_use));
    for (unsigned c = 1; c < CLASSES; c++) {
        uint16_t most = magazine(bytes, c);
        p->travelling[c] = (uint16_t)min_size(p->travelling[c], most);
        p->magazine[c] = (uint16_t)min_size(p->magazine[c], most);
    }
}

/* --- Growth and huge pages -----------------------------------------------------------------------*/

static bool is_close(uint64_t bytes, uint64_t limit)
{
    return limit && bytes >= limit - limit / 8;
}

/* Close to a limit every class is capped where it is: it caches little, so that slabs become EMPTY. */
static void cap_classes(const struct ace_settings *set, const struct ace_sample *now, bool tight,
                        struct policy *p)
{
    bool close =
        is_close(now->mapped, set->number[OPT_LIMIT_BYTES]) || is_close(now->in_use, p->soft_limit_bytes);
    for (unsigned c = 1; c < CLASSES && (tight || close); c++)
        if (!p->soft_cap[c])
            p->soft_cap[c] = now->slabs[c] < 1 ? 1 : now->slabs[c];
}

/* A huge page must not hold what nobody uses: the heap is large, and its slabs are nearly full. */
static bool is_dense(const struct ace_sample *now)
{
    uint64_t slabs = 0, blocks = 0;
    for (unsigned c = 1; c < CLASSES; c++) {
        slabs += (uint64_t)now->slabs[c] * GRANULE;
        blocks += now->out[c] * class_size(c);
    }
    return now->in_use >= LARGE_HEAP && blocks + (slabs >> DENSE_SHIFT) >= slabs &&
           now->kept <= now->in_use >> DENSE_SHIFT;
}

/* Memory that was refused makes it tight for a while, whatever else is true: to ask for much again would be
 * refused again, and each refusal costs the system calls of all sizes below it. */
static void decide_growth(const struct ace_settings *set, const struct ace_sample *now, struct ace_state *s,
                          struct policy *p)
{
    if (now->refused != s->last.refused)
        s->tight_ticks = TIGHT_TICKS;
    else if (s->tight_ticks)
        s->tight_ticks--;
    if (now->grown - s->last.grown >= FAST_GROWTH)
        s->fast_ticks = FAST_TICKS;
    else if (s->fast_ticks)
        s->fast_ticks--;
    if (s->tight_ticks) {
        p->growth_max = 1;
        p->growth_step = GROWTH_TINY;
    } else if (s->fast_ticks) {
        p->growth_max = GROWTH_FAST;
    }
    cap_classes(set, now, s->tight_ticks != 0, p);
    /* What is mapped now is not marked: filling huge pages one at a time cost bursts 16 %. */
    if (set->number[OPT_HUGE_PAGES] == 1 && is_dense(now) && !s->tight_ticks && !s->fast_ticks)
        p->huge = HUGE_DENSE;
}

/* --- Pressure ------------------------------------------------------------------------------------*/

/* Where tasks wait for memory, nothing is kept, and what is free goes at once; where all do, what threads
 * cache goes, too. Where none has for long, more may be kept than the process lately needed: for as long as
 * it is used, as everything that is kept. */
static void obey_pressure(const struct ace_settings *set, struct policy *p)
{
    p->pressure = set->pressure;
    if (set->pressure == PRESSURE_NONE && set->plenty) {
        p->margin_shift = MARGIN_SHIFT - 1;
        p->tolerance_shift = TOLERANCE_SHIFT - 1;
    }
    if (set->pressure != PRESSURE_NONE)
        p->purge_delay_ms = 0;
    if (set->pressure != PRESSURE_FULL)
        return;
    p->idle_ms = ACE_TICK_MS;
    for (unsigned c = 1; c < CLASSES; c++) {
        p->magazine[c] = (uint16_t)max_size(1, p->magazine[c] >> FULL_SHIFT);
        p->travelling[c] = (uint16_t)max_size(1, p->travelling[c] >> FULL_SHIFT);
    }
}

void ace_decide(const struct ace_settings *set, const struct ace_sample *now, struct ace_state *s,
                struct ace_result *out)
{
    out->quiet = false;
    ace_begin(set, &out->policy);
    if (set->number[OPT_ACE] && s->started) {
        out->quiet = is_quiet(now, s);
        boost_classes(now, s, &out->policy);
        share_magazines(set, now, s, &out->policy);
        decide_growth(set, now, s, &out->policy);
    }
    /* Nothing will be needed again soon, or it must not wait for that. */
    if (out->quiet || is_close(now->in_use, out->policy.soft_limit_bytes))
        out->policy.purge_delay_ms = (uint32_t)min_size(set->number[OPT_PURGE_DELAY], ACE_TICK_MS);
    if (set->number[OPT_ACE])
        obey_pressure(set, &out->policy);
    s->started = true;
    s->last = *now;
}
