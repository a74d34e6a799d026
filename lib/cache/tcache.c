/* SPDX-License-Identifier: MIT */
/* cache/tcache.c - the slow side of the cache of one thread. */
#include "cache/tcache.h"

#include "base/clock.h"
#include "base/meta.h"
#include "settings/options.h"
#include "settings/policy.h"
#include "memory/pool.h"
#include "cache/transfer.h"

const struct tcache tcache_empty = {.bin = {[0 ... MAP_CLASSES - 1] = {BLOCK_END}}};

enum {
    CAPACITY_FIRST = 8, /* blocks; small programs never need more */
    CAPACITY_MIN = 2    /* below, a class gathers */
};

static bool cached_class(unsigned c)
{
    return c >= 1 && c < CLASSES;
}

static uint16_t first_capacity(unsigned c)
{
    return (uint16_t)min_size(policy(travelling[c]), CAPACITY_FIRST);
}

bool tcache_renew(struct tcache *tc, const void *p)
{
    union window_bounds bounds = window_bounds();
    if (bounds.count == tc->window_granules || UNLIKELY(option(OPT_TINY_NO_CLASS_MAP)))
        return false;
    tc->window = load_relaxed(&classmap_window.marks);
    tc->window_granules = 0; /* a handler may free meanwhile */
    INTERRUPTED_HERE();
    tc->window_at = bounds.first;
    INTERRUPTED_HERE();
    tc->window_granules = bounds.count;
    return window_index(p, bounds.first) < bounds.count;
}

void tcache_start(struct tcache *tc, unsigned stripe)
{
    store_relaxed(&tc->epoch, 0); /* cut, if it is to be, when its thread finds out */
    (void)tcache_renew(tc, NULL);
    tc->stripe = stripe;
    tc->aged_ms = clock_recent_ms();
}

static void set_spare(struct tcache_class *cold, struct magazine mag)
{
    cold->spare = mag.head;
    HAK_ASSERT(mag.count <= CHAIN_MAX);
    cold->spares = (uint16_t)mag.count;
}

void tcache_init(struct tcache *tc)
{
    for (unsigned c = 0; c < MAP_CLASSES; c++) {
        tc->bin[c].head = BLOCK_END;
        tc->cold[c].capacity = 0;
        if (cached_class(c))
            tc->cold[c].gathers = true;
        tc->bin[c].fill = fill_of(0, 0);
        tc->magic[c] = cached_class(c) ? class_magic(c) : class_is_binned(c) ? BINNED_MAGIC : 0;
        set_spare(&tc->cold[c], (struct magazine){BLOCK_END, 0});
    }
    if (gather_of(tc))
        gather_forget(gather_of(tc));
}

/* Length of a chain that should have MOST blocks at the most: a block that was pushed twice makes it a
 * circle. Where a link is damaged it ends; whoever uses the chain finds that. */
static unsigned chain_length(const struct block *b, size_t most, const char *function)
{
    unsigned n = 0;
    for (; b != BLOCK_END && block_linked(b, block_key); b = b->next)
        if (n++ == most)
            fault_report(FAULT_DOUBLE_FREE, function, b);
    return n;
}

/* Put the counters of class C right: BLOCKS is how many the list really holds. The difference between that
 * and what the upper part says are carries, 2^30 pops each. */
static void settle(struct tcache *tc, unsigned c, unsigned blocks)
{
    int64_t fill = tc->bin[c].fill, exact = fill_of(tc->cold[c].capacity, blocks);
    int64_t carries = (fill >> FILL_SHIFT) - (exact >> FILL_SHIFT);
    tc->cold[c].popped += FILL_POPPED(fill) + ((uint64_t)carries << FILL_SHIFT);
    tc->bin[c].fill = exact;
}

static void set_head(struct tcache *tc, unsigned c, struct magazine mag)
{
    tc->bin[c].head = mag.head;
    tc->bin[c].fill = fill_of(tc->cold[c].capacity, mag.count);
}

/* A magazine came from below, or another thread has a use for one: the next may be larger, up to MOST, and
 * not smaller where it is larger already: the engine may have lowered MOST, and obey_policy sees to that. The
 * caller sets the list and its count anew, as the count is relative to the capacity. */
static void raise_capacity(struct tcache *tc, unsigned c, size_t most)
{
    size_t now = tc->cold[c].capacity, more = 2 * (now ? now : first_capacity(c));
    tc->cold[c].capacity = (uint16_t)min_size(max_size(most, max_size(now, 1)), more);
    tc->cold[c].gathers = false;
}

/* The largest magazine of a thread that is not known to need larger ones. */
static size_t usual_capacity(unsigned c)
{
    if (pool_over_cap(c))
        return CAPACITY_MIN;
    return single_threaded() ? policy(magazine[c]) : policy(travelling[c]);
}

/* The settings may have become smaller; the list is empty, so that the capacity may change. */
static void obey_policy(struct tcache *tc, unsigned c, bool capped)
{
    size_t most = UNLIKELY(capped) ? 1 : policy(magazine[c]);
    if (UNLIKELY(tc->cold[c].capacity > most))
        tc->cold[c].capacity = (uint16_t)max_size(most, CAPACITY_MIN);
}

/* What other threads left in the transfer slots goes to the slabs: nobody wants it, and each block there
 * keeps a slab from becoming EMPTY. */
static void drain_slots(unsigned c, const char *function)
{
    struct magazine mag;
    while ((mag = transfer_remove(c)).count)
        pool_drain(c, mag, function);
}

/* Nobody takes magazines of the class. To fill magazines in vain costs a miss of the processor's cache for
 * each block, so the thread tries again the later, the more often it was in vain (`stay`, doubled twice each
 * time). */
static void begin_to_gather(struct tcache *tc, unsigned c)
{
    enum { BACKOFF = 2, BACKOFF_MOST = 8 };
    struct gather *g = gather_of(tc);
    tc->cold[c].gathers = true;
    tc->cold[c].capacity = 0;
    if (g) {
        g->of[c].backoff = (uint8_t)min_size(BACKOFF_MOST, g->of[c].backoff + BACKOFF);
        g->of[c].stay = (uint16_t)(1u << g->of[c].backoff);
    }
}

/* Another thread took a magazine: after so many of them the class is tried again sooner. */
static void note_sent(struct tcache *tc, unsigned c)
{
    enum { SENT = 64 };
    struct gather *g = gather_of(tc);
    if (g && g->of[c].backoff && ++g->of[c].sent % SENT == 0)
        g->of[c].backoff--;
}

/* The spare magazine, which then is empty. A swap that a signal interrupted may have left a count without
 * blocks: they were on their way, and a handler that ends the process does without them. */
static struct magazine take_spare(struct tcache *tc, unsigned c)
{
    struct tcache_class *cold = &tc->cold[c];
    struct magazine mag = {cold->spare, cold->spares};
    set_spare(cold, (struct magazine){BLOCK_END, 0});
    return mag.head != BLOCK_END ? mag : (struct magazine){BLOCK_END, 0};
}

/* A magazine went to the slabs: the next will be smaller. At the smallest, the class gathers, and what other
 * threads left in the slots is not wanted either. */
static void shrink(struct tcache *tc, unsigned c, const char *function)
{
    if (tc->cold[c].capacity > CAPACITY_MIN) {
        tc->cold[c].capacity /= 2;
        return;
    }
    begin_to_gather(tc, c);
    pool_drain(c, take_spare(tc, c), function);
    drain_slots(c, function);
}

/* --- What needs nothing but the cache ------------------------------------------------------------------
 *
 * Nobody says then that a slow path was interrupted, so a signal handler may find the lists as they are at
 * any instruction: each block is in one chain or none, and no chain is longer than its count. */

/* The upper part of the fill tells of a carry where it is not what an empty list has: the slow path sees to
 * it. The order: first the count of what comes, then the spare is nobody's, then the list has it. A handler
 * that ends the process in between misses a magazine, and meets none twice. */
void *tcache_pop_near(struct tcache *tc, unsigned c)
{
    struct bin *bin = &tc->bin[c];
    struct tcache_class *cold = &tc->cold[c];
    struct magazine mag = {cold->spare, cold->spares};
    if (!mag.count || tc->until_tick == 0 || bin->head != BLOCK_END ||
        bin->fill >> FILL_SHIFT != -(int64_t)cold->capacity - 1)
        return NULL;
    tc->until_tick--;
    bin->fill += (int64_t)mag.count << FILL_SHIFT;
    INTERRUPTED_HERE();
    cold->spare = BLOCK_END;
    INTERRUPTED_HERE();
    cold->spares = 0;
    INTERRUPTED_HERE();
    bin->head = mag.head;
    return tcache_pop(tc, c);
}

bool tcache_push_near(struct tcache *tc, unsigned c, void *p)
{
    struct bin *bin = &tc->bin[c];
    struct tcache_class *cold = &tc->cold[c];
    if (cold->gathers) {
        if (!gather_of(tc) || !gather_note(gather_of(tc), c, tc->magic[c], p))
            return false;
        bin->fill -= FILL_PUSH;
        return true;
    }
    if (cold->spares || tc->until_tick == 0)
        return false;
    tc->until_tick--;
    struct block *full = bin->head, *b = p;
    /* P was counted. After a carry there is one less: that is found where the chain ends. */
    uint16_t count = (uint16_t)(tcache_listed(tc, c) - 1);
    bin->head = BLOCK_END;
    INTERRUPTED_HERE();
    cold->spares = count;
    INTERRUPTED_HERE();
    cold->spare = full;
    INTERRUPTED_HERE();
    bin->fill -= (int64_t)count << FILL_SHIFT;
    block_link(b, BLOCK_END, block_key);
    INTERRUPTED_HERE();
    bin->head = b;
    return true;
}

/* Of MAG, which becomes the list of a cut cache, what may be popped until the next sample, one block at
 * least; the rest is spare. */
static COLD struct magazine cut_off(struct tcache *tc, unsigned c, struct magazine mag)
{
    size_t most = max_size(tcache_room(tc, c), 1);
    if (mag.count <= most)
        return mag;
    struct block *last = mag.head;
    for (size_t n = 1; n < most && last->next != BLOCK_END && block_linked(last, block_key); n++)
        last = last->next;
    set_spare(&tc->cold[c], (struct magazine){last->next, mag.count - (unsigned)most});
    block_link(last, BLOCK_END, block_key);
    return (struct magazine){mag.head, (unsigned)most};
}

/* --- What goes below -----------------------------------------------------------------------------------*/

void *tcache_pop_slow(struct tcache *tc, unsigned c, bool *untouched, const char *function)
{
    if (tc->bin[c].head != BLOCK_END)
        slab_damaged_link(tc->bin[c].head, c, function);
    settle(tc, c, 0);
    tc->cold[c].active = true;
    *untouched = false;
    struct magazine mag = take_spare(tc, c);
    if (!mag.count) {
        tc->misses++;
        if (tc->cold[c].gathers && gather_of(tc))
            gather_flush(gather_of(tc), c, function);
        mag = transfer_take(tc->stripe, c);
        /* Drained in vain: this thread frees and allocates, it is worth more. */
        raise_capacity(tc, c, !mag.count && tc->cold[c].drained ? policy(magazine[c]) : usual_capacity(c));
        tc->cold[c].drained = false;
        set_head(tc, c, (struct magazine){BLOCK_END, 0});
    }
    if (!mag.count)
        mag = pool_refill(c, tc->cold[c].capacity, untouched);
    if (!mag.count)
        return NULL;
    if (UNLIKELY(tcache_is_cut(tc)))
        mag = cut_off(tc, c, mag);
    set_head(tc, c, mag);
    void *p = tcache_pop(tc, c);
    if (!p)
        fault_report(FAULT_DAMAGED_LIST, function, tc->bin[c].head);
    return p;
}

/* The full magazine in the list: all but the block whose push brought us here, which was counted and is not
 * in the chain yet. */
static struct magazine full_head(struct tcache *tc, unsigned c)
{
    tc->bin[c].fill -= FILL_PUSH; /* the push that did not happen */
    unsigned n = (unsigned)tcache_listed(tc, c);
    settle(tc, c, n);
    return (struct magazine){tc->bin[c].head, n};
}

/* Blocks of a class that gathers went home: if another thread would rather have them, the class fills
 * magazines from now on. */
static void look_for_demand(struct tcache *tc, struct gather *g, unsigned c, const char *function)
{
    if (g->of[c].stay) {
        g->of[c].stay--;
    } else if (transfer_wanted(tc->stripe, c)) {
        gather_flush(g, c, function);
        unsigned n = (unsigned)tcache_listed(tc, c);
        settle(tc, c, n);
        tc->cold[c].gathers = false;
        tc->cold[c].capacity = (uint16_t)max_size(first_capacity(c), n);
        tc->bin[c].fill = fill_of(tc->cold[c].capacity, n);
    }
}

/* Note P, and bring home what makes room for it. */
static void gather_push(struct tcache *tc, unsigned c, void *p, const char *function)
{
    struct gather *g = gather_of(tc);
    if (UNLIKELY(!g))
        store_release(&tc->gather, g = meta_alloc(sizeof *g));
    unsigned most = pool_over_cap(c) ? 1 : policy(magazine[c]);
    if (LIKELY(g != NULL)) {
        if (gather_note_slow(g, c, tc->magic[c], p, most, function))
            look_for_demand(tc, g, c, function);
        return;
    }
    block_link(p, BLOCK_END, block_key);
    pool_drain(c, (struct magazine){p, 1}, function);
}

void tcache_push_slow(struct tcache *tc, unsigned c, void *p, const char *function)
{
    tc->cold[c].active = true;
    if (tc->cold[c].gathers) {
        tc->bin[c].fill -= FILL_PUSH;
        gather_push(tc, c, p, function);
        return;
    }
    struct magazine full = full_head(tc, c), out = take_spare(tc, c);
    set_spare(&tc->cold[c], full);
    bool capped = pool_over_cap(c);
    if (out.count && !capped && transfer_put(tc->stripe, c, out)) {
        raise_capacity(tc, c, usual_capacity(c));
        note_sent(tc, c);
    } else if (out.count) {
        /* Fewer went home than were counted where a carry had made the count too large: those were pops. */
        tc->cold[c].popped += (uint64_t)(out.count - pool_drain(c, out, function))
                              << FILL_SHIFT; /* carries */
        tc->cold[c].drained = true;
        shrink(tc, c, function);
    }
    obey_policy(tc, c, capped);
    set_head(tc, c, (struct magazine){BLOCK_END, 0});
    if (tc->cold[c].gathers) {
        gather_push(tc, c, p, function);
        return;
    }
    block_link(p, BLOCK_END, block_key);
    tc->bin[c].head = p;
    tc->bin[c].fill += FILL_PUSH;
}

void tcache_push_spare(struct tcache *tc, unsigned c, void *p, const char *function)
{
    struct magazine out = take_spare(tc, c);
    tc->cold[c].active = true;
    if (out.count && (pool_over_cap(c) || !transfer_put(tc->stripe, c, out)))
        pool_drain(c, out, function);
    block_link(p, BLOCK_END, block_key);
    set_spare(&tc->cold[c], (struct magazine){p, 1});
}

/* While fork has the gate closed nothing goes below the cache, so the list grows in its place. The capacity
 * goes up with it, or each free meanwhile would come by here. The next slow path brings both back
 * (obey_policy). */
bool tcache_push_longer(struct tcache *tc, unsigned c, void *p)
{
    enum {
        LONGER = 64,
        LONGEST = 16384 /* so that the magazine it becomes is none that cannot be counted */
    };
    if (tcache_listed(tc, c) >= LONGEST || tc->cold[c].capacity >= LONGEST)
        return false;
    tc->cold[c].capacity += LONGER;
    tc->bin[c].fill -= LONGER * FILL_PUSH; /* P was counted */
    block_link(p, tc->bin[c].head, block_key);
    tc->bin[c].head = p;
    return true;
}

/* A block that was pushed twice makes a circle: the chain is longer than the pushes and pops say. */
static NOINLINE void verify_chain(unsigned c, const struct block *b, size_t blocks, const char *function)
{
    for (size_t n = 0; b != BLOCK_END; b = b->next, n++) {
        if (!block_linked(b, block_key))
            slab_damaged_link(b, c, function);
        if (n == blocks)
            fault_report(FAULT_DOUBLE_FREE, function, b);
    }
}

/* 2^30 pops may have added one to the count: a chain may be shorter, not longer. */
static ALWAYS_INLINE void verify_class(const struct tcache *tc, unsigned c, const char *function)
{
    if (tc->bin[c].head != BLOCK_END) /* most are empty, and every process comes by here at its end */
        verify_chain(c, tc->bin[c].head, tcache_listed(tc, c), function);
    if (tc->cold[c].spare != BLOCK_END)
        verify_chain(c, tc->cold[c].spare, tc->cold[c].spares, function);
}

void tcache_verify(const struct tcache *tc, const char *function)
{
    for (unsigned c = 1; c < CLASSES; c++)
        verify_class(tc, c, function);
}

/* Nothing was popped, and nothing is there: true of most classes of most threads, whose end is to be
 * cheap. */
static ALWAYS_INLINE bool is_untouched(const struct tcache *tc, unsigned c)
{
    return tc->bin[c].head == BLOCK_END && !tc->cold[c].spares && !FILL_POPPED(tc->bin[c].fill) &&
           !(gather_of(tc) && gather_of(tc)->of[c].groups);
}

/* Return the blocks of one class to the slabs. */
static NOINLINE void flush_class(struct tcache *tc, unsigned c, const char *function)
{
    struct magazine head = {tc->bin[c].head, 0}, spare = take_spare(tc, c);
    settle(tc, c, chain_length(head.head, tcache_listed(tc, c), function));
    set_head(tc, c, (struct magazine){BLOCK_END, 0});
    if (head.head != BLOCK_END)
        pool_drain(c, head, function);
    if (spare.count)
        pool_drain(c, spare, function);
    if (gather_of(tc))
        gather_flush(gather_of(tc), c, function);
}

/* The next thread may do something else with the class, which is empty. */
static void reset_class(struct tcache *tc, unsigned c)
{
    tc->cold[c].capacity = 0;
    tc->cold[c].gathers = true;
    tc->bin[c].fill = fill_of(0, 0);
}

/* Small classes first: they have the most blocks for the bytes. What stays is verified, as its next owner is
 * another thread, whom a fault of this one should not end; what is gathered goes home in any case, as only a
 * thread that goes on freeing would bring it there. */
size_t tcache_keep(struct tcache *tc, size_t most, const char *function)
{
    size_t kept = 0;
    for (unsigned c = 1; c < CLASSES; c++) {
        if (LIKELY(is_untouched(tc, c))) {
            if (UNLIKELY(tc->bin[c].fill != fill_of(0, 0))) /* else its capacity is 0, and it gathers */
                reset_class(tc, c);
            continue;
        }
        size_t bytes = (tcache_listed(tc, c) + tc->cold[c].spares) * class_size(c);
        if (bytes == 0 || kept + bytes > most) {
            flush_class(tc, c, function);
            reset_class(tc, c);
        } else {
            kept += bytes;
            verify_class(tc, c, function);
            if (gather_of(tc))
                gather_flush(gather_of(tc), c, function);
        }
    }
    return kept;
}

void tcache_flush(struct tcache *tc, const char *function)
{
    for (unsigned c = 1; c < CLASSES; c++)
        if (UNLIKELY(!is_untouched(tc, c)))
            flush_class(tc, c, function);
}

/* A class is idle if no block was popped, and the slow path did not come by, since this was here last. */
void tcache_age(struct tcache *tc, uint64_t now_ms, const char *function)
{
    uint32_t idle_ms = policy(idle_ms);
    if (idle_ms == 0 || now_ms - tc->aged_ms < idle_ms)
        return;
    tc->aged_ms = now_ms;
    for (unsigned c = 1; c < CLASSES; c++) {
        bool active = tc->cold[c].active || FILL_POPPED(tc->bin[c].fill);
        tc->cold[c].active = false;
        if (active) {
            settle(tc, c, (unsigned)tcache_listed(tc, c));
        } else if (!is_untouched(tc, c)) {
            flush_class(tc, c, function);
            drain_slots(c, function);
            reset_class(tc, c);
        }
    }
}

bool tcache_chain_holds(const struct block *b, const void *p)
{
    /* Bounded: the chain may be a circle already. */
    for (unsigned n = 0; n <= CHAIN_MAX && b != BLOCK_END && block_linked(b, block_key); b = b->next, n++)
        if (b == p)
            return true;
    return false;
}

bool tcache_holds(const struct tcache *tc, unsigned c, const void *p)
{
    return tcache_chain_holds(tc->bin[c].head, p) || tcache_chain_holds(tc->cold[c].spare, p) ||
           gather_holds(gather_of(tc), c, p);
}
