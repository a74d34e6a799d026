/* SPDX-License-Identifier: MIT */
/* cache/shelf.c - the slow side of the shelf of a thread. */
#include "cache/shelf.h"

#include "base/clock.h"
#include "settings/policy.h"
#include "events/fault.h"

enum { SHELF_GRANULES = 16 }; /* at most: 1 MiB a thread */

/* Take the long span of RUN granules at FIRST off the books and give it to its superslab. */
static void give(struct tcache *tc, struct slab *first, size_t run)
{
    tc->shelf.granules -= (unsigned)run;
    granules_give_run(first);
}

/* Give up long spans until ALLOWED granules of them are left. */
static void shorten(struct shelf *shelf, struct tcache *tc, unsigned allowed)
{
    for (unsigned i = 0; shelf->granules > allowed && i < SPAN_GRANULES; i++) {
        struct slab *first = shelf->slab[i];
        shelf->slab[i] = NULL;
        if (first)
            give(tc, first, i + 1);
    }
    if (shelf->granules > allowed && shelf->last_run) {
        size_t run = shelf->last_run;
        shelf->last_run = 0;
        give(tc, shelf->latest, run);
    }
}

/* --- Bins ----------------------------------------------------------------------------------------*/

/* Granules that the spans in the bins may have. */
static unsigned earned_granules(const struct shelf *shelf)
{
    unsigned sum = 0;
    for (unsigned n = 0; n < BINNED; n++)
        sum += shelf->earned[n] * (n + 1);
    return sum;
}

/* Put the counters of class C right: BLOCKS is how many its list really holds, and how many it may. */
static void set_counters(struct tcache *tc, unsigned c, unsigned blocks)
{
    struct shelf *shelf = &tc->shelf;
    int64_t fill = tc->bin[c].fill, exact = fill_of(tc->capacity[c], blocks);
    int64_t carries = (fill >> FILL_SHIFT) - (exact >> FILL_SHIFT);
    shelf->popped += FILL_POPPED(fill) + ((uint64_t)carries << FILL_SHIFT);
    tc->capacity[c] = shelf->earned[c - CLASS_BINNED];
    tc->bin[c].fill = fill_of(tc->capacity[c], blocks);
}

/* Length of the list of class C; one that was pushed twice makes it a circle, longer than was counted, and P,
 * which is freed now, must not be in it. */
static unsigned length(const struct tcache *tc, unsigned c, const void *p, const char *function)
{
    unsigned n = 0;
    size_t most = tcache_listed(tc, c);
    for (const struct block *b = tc->bin[c].head; b != BLOCK_END; b = b->next, n++) {
        if (!block_linked(b, block_key))
            fault_report(FAULT_DAMAGED_LIST, function, b);
        if (n == most || b == p)
            fault_report(FAULT_DOUBLE_FREE, function, b);
    }
    return n;
}

/* Give spans of class C up until EARNED are left, which is what may be kept of it from now on. */
static void keep(struct tcache *tc, unsigned c, unsigned earned, const char *function)
{
    unsigned n = length(tc, c, NULL, function);
    tc->shelf.earned[c - CLASS_BINNED] = (uint8_t)earned;
    tc->shelf.binned |= earned != 0;
    set_counters(tc, c, n);
    while (n > earned) {
        struct block *b = tc->bin[c].head;
        tc->bin[c].head = b->next;
        tc->bin[c].fill -= FILL_PUSH; /* no pop: none is counted */
        n--;
        if (!span_free(b, c)) /* it is in the list of another thread, too, or was */
            fault_report(FAULT_DOUBLE_FREE, function, b);
    }
}

void shelf_push_slow(struct tcache *tc, unsigned c, void *p, const char *function)
{
    struct shelf *shelf = &tc->shelf;
    unsigned i = c - CLASS_BINNED;
    tc->bin[c].fill -= FILL_PUSH; /* the push that did not happen */
    (void)length(tc, c, p, function);
    keep(tc, c, shelf->earned[i], function);
    if (tcache_listed(tc, c) < shelf->earned[i]) {
        block_link(p, tc->bin[c].head, block_key);
        tc->bin[c].head = p;
        tc->bin[c].fill += FILL_PUSH;
        return;
    }
    if (shelf->returned[i] < SHELF_GRANULES)
        shelf->returned[i]++;
    if (!shelf->earned[i])
        shelf->popped_ms[i] = (uint32_t)clock_recent_ms();
    shelf->binned = true;
    if (!span_free(p, c))
        fault_report(FAULT_DOUBLE_FREE, function, p);
}

/* Make room for RUN granules more in the bin of class C: what lies in bins that nobody took from of late goes
 * first, then long spans. False if that is too little. */
static bool make_room(struct tcache *tc, unsigned c, unsigned run, const char *function)
{
    struct shelf *shelf = &tc->shelf;
    for (unsigned i = 0; i < BINNED; i++)
        if (i != c - CLASS_BINNED && shelf->earned[i] && !FILL_POPPED(tc->bin[CLASS_BINNED + i].fill) &&
            earned_granules(shelf) + shelf->allowed + run > SHELF_GRANULES)
            keep(tc, CLASS_BINNED + i, 0, function);
    unsigned used = earned_granules(shelf) + run;
    if (used > SHELF_GRANULES)
        return false;
    shelf->allowed = (unsigned)min_size(shelf->allowed, SHELF_GRANULES - used);
    shorten(shelf, tc, shelf->allowed);
    return true;
}

static void missed_binned(struct tcache *tc, unsigned run, const char *function)
{
    struct shelf *shelf = &tc->shelf;
    unsigned c = class_of_span(run);
    if (tc->bin[c].head != BLOCK_END)
        fault_report(FAULT_DAMAGED_LIST, function, tc->bin[c].head);
    if (!shelf->returned[run - 1])
        return;
    shelf->returned[run - 1]--;
    if (!make_room(tc, c, run, function))
        return;
    shelf->popped_ms[run - 1] = (uint32_t)clock_recent_ms();
    keep(tc, c, shelf->earned[run - 1] + 1u, function);
}

/* --- Both ----------------------------------------------------------------------------------------*/

static void missed_long(struct shelf *shelf, unsigned run)
{
    uint32_t bit = 1u << (run - 1);
    if (shelf->given & bit) {
        shelf->given &= ~bit;
        shelf->allowed = (unsigned)min_size(shelf->allowed + run, SHELF_GRANULES - earned_granules(shelf));
    }
}

void *shelf_find(struct tcache *tc, size_t size, const char *function)
{
    unsigned run = span_granules(size);
    void *p = shelf_take(tc, size);
    if (p)
        return p;
    if (run <= BINNED)
        missed_binned(tc, run, function);
    else
        missed_long(&tc->shelf, run);
    return NULL;
}

void shelf_put_slow(struct tcache *tc, struct slab *first, unsigned run)
{
    struct shelf *shelf = &tc->shelf;
    if (shelf->last_run) {
        struct slab **place = &shelf->slab[shelf->last_run - 1];
        if (*place)
            give(tc, *place, shelf->last_run);
        *place = shelf->latest;
        shelf->last_run = 0;
    }
    for (unsigned i = 0; shelf->granules && shelf->granules + run > shelf->allowed; i++) {
        if (shelf->slab[i])
            give(tc, shelf->slab[i], i + 1);
        shelf->slab[i] = NULL;
    }
    if (run <= shelf->allowed) {
        shelf_put(tc, first, run);
        return;
    }
    shelf->given |= 1u << (run - 1);
    granules_give_run(first);
}

static void flush_binned(struct tcache *tc, const char *function)
{
    for (unsigned c = CLASS_BINNED; c < CLASS_BINNED + BINNED; c++) {
        unsigned earned = tc->shelf.earned[c - CLASS_BINNED];
        if (tc->bin[c].head == BLOCK_END)
            continue;
        keep(tc, c, 0, function);
        keep(tc, c, earned, function);
    }
}

void shelf_flush(struct tcache *tc, const char *function)
{
    if (tc->shelf.granules)
        shorten(&tc->shelf, tc, 0);
    if (tc->shelf.binned)
        flush_binned(tc, function);
}

bool shelf_push_longer(struct tcache *tc, unsigned c, void *p)
{
    tc->shelf.binned = true;
    return tcache_push_longer(tc, c, p);
}

static void decay_binned(struct tcache *tc, uint32_t now_ms, const char *function)
{
    struct shelf *shelf = &tc->shelf;
    bool any = false;
    for (unsigned i = 0, c; i < BINNED; i++) {
        c = CLASS_BINNED + i;
        if (FILL_POPPED(tc->bin[c].fill)) {
            shelf->popped_ms[i] = now_ms;
            keep(tc, c, shelf->earned[i], function);
        } else if ((tc->capacity[c] || shelf->returned[i]) &&
                   now_ms - shelf->popped_ms[i] >= policy(purge_delay_ms)) {
            shelf->returned[i] = 0;
            keep(tc, c, 0, function);
        }
        any |= tc->capacity[c] || shelf->returned[i];
    }
    shelf->binned = any;
}

/* A span that another thread freed, too, and gave back, has lost its class byte. */
void shelf_verify(const struct tcache *tc, const char *function)
{
    for (unsigned c = CLASS_BINNED; c < CLASS_BINNED + BINNED; c++) {
        unsigned n = length(tc, c, NULL, function);
        for (const struct block *b = tc->bin[c].head; n-- > 0; b = b->next)
            if (classmap_get(b) != c)
                fault_report(FAULT_DOUBLE_FREE, function, b);
    }
}

void shelf_decay(struct tcache *tc, uint64_t now_ms, const char *function)
{
    struct shelf *shelf = &tc->shelf;
    if (shelf->binned)
        decay_binned(tc, (uint32_t)now_ms, function);
    if (shelf->seen_taken != shelf->taken) {
        shelf->seen_taken = shelf->taken;
        shelf->seen_ms = now_ms;
    } else if (now_ms - shelf->seen_ms >= policy(purge_delay_ms)) {
        shorten(shelf, tc, 0);
        shelf->allowed = shelf->given = 0;
    }
}

/* --- Insight -------------------------------------------------------------------------------------*/

void shelf_sums(const struct tcache *tc, struct span_sum sums[BINNED])
{
    for (unsigned i = 0; i < BINNED; i++) {
        const struct block *b = tc->bin[CLASS_BINNED + i].head;
        sums[i] = (struct span_sum){0};
        for (; b != BLOCK_END && block_linked(b, block_key) && sums[i].count < CHAIN_MAX; b = b->next) {
            sums[i].count++;
            sums[i].bytes += span_usable(shelf_slab(b));
        }
    }
}
