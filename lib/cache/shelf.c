/* SPDX-License-Identifier: MIT */
/* cache/shelf.c - the slow side of the shelf of a thread. */
#include "cache/shelf.h"

#include "base/clock.h"
#include "settings/policy.h"
#include "events/fault.h"

enum { SHELF_BYTES = 1 << 20 /* at most, of one thread */ };

static size_t run_bytes(size_t run)
{
    return run << GRANULE_SHIFT;
}

/* Take the long span of RUN granules at FIRST off the books and give it to its superslab. */
static void give(struct tcache *tc, struct slab *first, size_t run)
{
    tc->shelf.granules -= (unsigned)run;
    granules_give_run(first);
}

/* Give up long spans until KEEP bytes of them are left. */
static void shorten(struct shelf *shelf, struct tcache *tc, size_t keep)
{
    for (unsigned i = 0; run_bytes(shelf->granules) > keep && i < SPAN_GRANULES; i++) {
        struct slab *first = shelf->slab[i];
        shelf->slab[i] = NULL;
        if (first)
            give(tc, first, i + 1);
    }
    if (run_bytes(shelf->granules) > keep && shelf->last_run) {
        size_t run = shelf->last_run;
        shelf->last_run = 0;
        give(tc, shelf->latest, run);
    }
}

/* --- Bins ----------------------------------------------------------------------------------------*/

/* Bytes that the spans in the bins may have. */
static size_t binned_earned(const struct shelf *shelf)
{
    size_t sum = 0;
    for (unsigned i = 0; i < BINNED; i++)
        sum += retain_earned(&shelf->bin_retain[i]);
    return sum;
}

/* Spans of class C that its thread has earned. */
static unsigned spans_earned(const struct shelf *shelf, unsigned c)
{
    unsigned i = c - CLASS_BINNED;
    return (unsigned)(retain_earned(&shelf->bin_retain[i]) / run_bytes(i + 1));
}

/* Put the counters of class C right: BLOCKS is how many its list really holds, and MOST how many it may. */
static void set_counters(struct tcache *tc, unsigned c, unsigned blocks, unsigned most)
{
    struct shelf *shelf = &tc->shelf;
    int64_t fill = tc->bin[c].fill, exact = fill_of(tc->cold[c].capacity, blocks);
    int64_t carries = (fill >> FILL_SHIFT) - (exact >> FILL_SHIFT);
    shelf->popped += FILL_POPPED(fill) + ((uint64_t)carries << FILL_SHIFT);
    tc->cold[c].capacity = (uint16_t)most;
    tc->bin[c].fill = fill_of(most, blocks);
}

/* The chain is walked each time it is changed here: it has 16 spans at most.
 *
 * Length of the list of class C; one that was pushed twice makes it a circle, longer than was counted, and P,
 * which is freed now, must not be in it. */
static unsigned length(const struct tcache *tc, unsigned c, const void *p, const char *function)
{
    unsigned n = 0;
    size_t most = tcache_listed(tc, c);
    for (const struct block *b = tc->bin[c].head; b != BLOCK_END; b = b->next, n++) {
        if (!block_linked(b, block_key))
            slab_damaged_link(b, c, function);
        if (n == most || b == p)
            fault_report(FAULT_DOUBLE_FREE, function, b);
    }
    return n;
}

/* Give spans of class C up until MOST are left, which is what fits its bin from now on. */
static void keep(struct tcache *tc, unsigned c, unsigned most, const char *function)
{
    unsigned n = length(tc, c, NULL, function);
    tc->shelf.binned |= most != 0;
    set_counters(tc, c, n, most);
    while (n > most) {
        struct block *b = tc->bin[c].head;
        tc->bin[c].head = b->next;
        tc->bin[c].fill -= FILL_PUSH; /* no pop: none is counted */
        n--;
        if (!span_free(b, c)) /* it is in the list of another thread, too, or was */
            fault_report(FAULT_DOUBLE_FREE, function, b);
    }
}

/* What was kept of class C was kept in vain. */
static void lose(struct tcache *tc, unsigned c, const char *function)
{
    struct retain *retain = &tc->shelf.bin_retain[c - CLASS_BINNED];
    *retain = (struct retain){0};
    keep(tc, c, 0, function);
}

/* A span that could not be kept is a debt: if one of the length is missed soon (missed_binned), one more may
 * be kept from then on. */
void shelf_push_slow(struct tcache *tc, unsigned c, void *p, const char *function)
{
    struct shelf *shelf = &tc->shelf;
    unsigned i = c - CLASS_BINNED;
    tc->bin[c].fill -= FILL_PUSH; /* the push that did not happen */
    (void)length(tc, c, p, function);
    keep(tc, c, spans_earned(shelf, c), function);
    if (tcache_listed(tc, c) < spans_earned(shelf, c)) {
        block_link(p, tc->bin[c].head, block_key);
        tc->bin[c].head = p;
        tc->bin[c].fill += FILL_PUSH;
        return;
    }
    uint64_t now_ms = clock_recent_ms();
    retain_gone(&shelf->bin_retain[i], run_bytes(i + 1), now_ms);
    if (!spans_earned(shelf, c))
        shelf->popped_ms[i] = (uint32_t)now_ms;
    shelf->binned = true;
    if (!span_free(p, c))
        fault_report(FAULT_DOUBLE_FREE, function, p);
}

/* Make room for BYTES more in the bin of class C: what lies in bins that nobody took from of late goes first,
 * then long spans. False if that is too little. */
static bool make_room(struct tcache *tc, unsigned c, size_t bytes, const char *function)
{
    struct shelf *shelf = &tc->shelf;
    size_t allowed = retain_earned(&shelf->retain);
    for (unsigned other = CLASS_BINNED; other < CLASS_BINNED + BINNED; other++)
        if (other != c && spans_earned(shelf, other) && !FILL_POPPED(tc->bin[other].fill) &&
            binned_earned(shelf) + allowed + bytes > SHELF_BYTES)
            lose(tc, other, function);
    size_t used = binned_earned(shelf) + bytes;
    if (used > SHELF_BYTES)
        return false;
    if (allowed > SHELF_BYTES - used)
        retain_lose(&shelf->retain, allowed - (SHELF_BYTES - used));
    shorten(shelf, tc, retain_earned(&shelf->retain));
    return true;
}

static void missed_binned(struct tcache *tc, unsigned run, const char *function)
{
    struct shelf *shelf = &tc->shelf;
    struct retain *retain = &shelf->bin_retain[run - 1];
    unsigned c = class_of_span(run), before = spans_earned(shelf, c);
    uint64_t now_ms = clock_recent_ms();
    if (tc->bin[c].head != BLOCK_END)
        slab_damaged_link(tc->bin[c].head, c, function);
    if (!retain->lately || !make_room(tc, c, run_bytes(run), function))
        return;
    retain_needed(retain, run_bytes(run), retain_earned(retain) + run_bytes(run), now_ms);
    if (spans_earned(shelf, c) == before)
        return;
    shelf->popped_ms[run - 1] = (uint32_t)now_ms;
    keep(tc, c, spans_earned(shelf, c), function);
}

/* --- Both ----------------------------------------------------------------------------------------*/

static void missed_long(struct shelf *shelf, unsigned run)
{
    retain_needed(&shelf->retain, run_bytes(run), SHELF_BYTES - binned_earned(shelf), clock_recent_ms());
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

/* The latest makes room for FIRST, then shorter ones before longer ones, until it fits. */
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
    for (unsigned i = 0; shelf->granules && !shelf_has_room(tc, run); i++) {
        if (shelf->slab[i])
            give(tc, shelf->slab[i], i + 1);
        shelf->slab[i] = NULL;
    }
    if (shelf_has_room(tc, run)) {
        shelf_put(tc, first, run);
        return;
    }
    retain_gone(&shelf->retain, run_bytes(run), clock_recent_ms());
    granules_give_run(first);
}

/* To earn nothing for a moment empties a bin; what was earned before is then given back to it. */
static void flush_binned(struct tcache *tc, const char *function)
{
    for (unsigned c = CLASS_BINNED; c < CLASS_BINNED + BINNED; c++) {
        if (tc->bin[c].head == BLOCK_END)
            continue;
        keep(tc, c, 0, function);
        keep(tc, c, spans_earned(&tc->shelf, c), function);
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
    for (unsigned i = 0; i < BINNED; i++) {
        unsigned c = CLASS_BINNED + i;
        bool waits = tc->cold[c].capacity || shelf->bin_retain[i].lately;
        if (FILL_POPPED(tc->bin[c].fill)) {
            shelf->popped_ms[i] = now_ms;
            keep(tc, c, spans_earned(shelf, c), function);
        } else if (waits && now_ms - shelf->popped_ms[i] >= policy(purge_delay_ms)) {
            lose(tc, c, function);
        }
        any |= tc->cold[c].capacity || shelf->bin_retain[i].lately;
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
        shelf->retain = (struct retain){0};
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
