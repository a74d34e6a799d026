/* SPDX-License-Identifier: MIT */
/* tcache.c - the slow side of the cache of one thread (floor F6). */
#include "tcache.h"

#include "os.h"
#include "policy.h"
#include "pool.h"
#include "transfer.h"

/* One entry for each class of the class map. */
#define FOUR(x) x, x, x, x
#define ALL_CLASSES(x) FOUR(FOUR(x)), FOUR(FOUR(x)), FOUR(FOUR(x)), FOUR(FOUR(x)), FOUR(FOUR(x)), FOUR(FOUR(x)), FOUR(x), FOUR(x), FOUR(x)
static_assert(MAP_CLASSES == 6 * 16 + 3 * 4, "ALL_CLASSES covers the class map");

const struct tcache tcache_empty = {.head = {ALL_CLASSES(BLOCK_END)}, .key = 1, .window_at = WINDOW_NOWHERE};

enum { CARRY_MS = 300 }; /* 2^30 pops take longer */

static unsigned capacity_of(unsigned c)
{
    return c >= 1 && c < CLASSES ? policy.magazine[c] : 0;
}

void tcache_start(struct tcache *tc, unsigned stripe)
{
    tc->key = block_key;
    tc->window_at = load_relaxed(&classmap_window_at);
    tc->window = (uintptr_t)classmap_window.classes - tc->window_at;
    tc->stripe = stripe;
    for (unsigned c = 0; c < MAP_CLASSES; c++) {
        tc->head[c] = BLOCK_END;
        tc->fill[c] = fill_of(capacity_of(c), 0);
        tc->magic[c] = c >= 1 && c < CLASSES ? class_magic(c) : 0;
        if (c < CLASSES)
            tc->spare[c] = (struct magazine){BLOCK_END, 0};
    }
}

static unsigned chain_length(const struct block *b)
{
    unsigned n = 0;
    for (; b != BLOCK_END && block_linked(b, block_key); b = b->next)
        n++;
    return n;
}

/* Put the counters of class C right: BLOCKS is how many head[c] really holds. */
static void settle(struct tcache *tc, unsigned c, unsigned blocks)
{
    tc->settled_ms[c] = (uint32_t)os_now_ms();
    int64_t fill = tc->fill[c], exact = fill_of(capacity_of(c), blocks);
    int64_t carries = (fill >> FILL_SHIFT) - (exact >> FILL_SHIFT);
    tc->popped[c] += FILL_POPPED(fill) + ((uint64_t)carries << FILL_SHIFT);
    tc->fill[c] = exact;
}

static void set_head(struct tcache *tc, unsigned c, struct magazine mag)
{
    tc->head[c] = mag.head;
    tc->fill[c] = fill_of(capacity_of(c), mag.count);
}

void *tcache_pop_slow(struct tcache *tc, unsigned c, bool *untouched, const char *function)
{
    if (tc->head[c] != BLOCK_END)
        report_fault(FAULT_DAMAGED_LIST, function, tc->head[c]);
    settle(tc, c, 0);
    *untouched = false;
    struct magazine mag = tc->spare[c];
    tc->spare[c] = (struct magazine){BLOCK_END, 0};
    if (!mag.count) {
        tc->misses++;
        mag = transfer_take(tc->stripe, c);
    }
    if (!mag.count)
        mag = pool_refill(c, capacity_of(c), untouched);
    if (!mag.count)
        return NULL;
    set_head(tc, c, mag);
    void *p = tcache_pop(tc, c);
    if (!p)
        report_fault(FAULT_DAMAGED_LIST, function, tc->head[c]);
    return p;
}

/* The full magazine in head[c]. Its length is the capacity, but for carries of the pop counter: it
 * is walked only where there was time for 2^30 pops. */
static struct magazine full_head(struct tcache *tc, unsigned c)
{
    unsigned n = capacity_of(c);
    tc->fill[c] -= FILL_PUSH; /* the push that did not happen */
    if ((uint32_t)os_now_ms() - tc->settled_ms[c] > CARRY_MS)
        n = chain_length(tc->head[c]);
    settle(tc, c, n);
    return (struct magazine){tc->head[c], n};
}

void tcache_push_slow(struct tcache *tc, unsigned c, void *p, const char *function)
{
    struct magazine full = full_head(tc, c), spare = tc->spare[c];
    set_head(tc, c, (struct magazine){BLOCK_END, 0});
    tc->spare[c] = full;
    block_link(p, BLOCK_END, tc->key);
    tc->head[c] = p;
    tc->fill[c] += FILL_PUSH;
    if (spare.count && !transfer_put(tc->stripe, c, spare))
        pool_drain(c, spare, function);
}

/* A block that was pushed twice makes a circle: the chain is longer than the pushes and pops say. */
static void verify_chain(const struct block *b, size_t blocks, const char *function)
{
    for (size_t n = 0; b != BLOCK_END; b = b->next, n++) {
        if (!block_linked(b, block_key))
            report_fault(FAULT_DAMAGED_LIST, function, b);
        if (n == blocks)
            report_fault(FAULT_DOUBLE_FREE, function, b);
    }
}

void tcache_verify(const struct tcache *tc, const char *function)
{
    for (unsigned c = 1; c < CLASSES; c++) {
        size_t blocks = tcache_blocks(tc, c) - tc->spare[c].count;
        /* 2^30 pops may have added one to the count: a chain may be shorter, not longer. */
        verify_chain(tc->head[c], blocks, function);
        verify_chain(tc->spare[c].head, tc->spare[c].count, function);
    }
}

void tcache_flush(struct tcache *tc, const char *function)
{
    for (unsigned c = 1; c < CLASSES; c++) {
        struct magazine head = {tc->head[c], 0}, spare = tc->spare[c];
        settle(tc, c, chain_length(head.head));
        set_head(tc, c, (struct magazine){BLOCK_END, 0});
        tc->spare[c] = (struct magazine){BLOCK_END, 0};
        if (head.head != BLOCK_END)
            pool_drain(c, head, function);
        if (spare.count)
            pool_drain(c, spare, function);
    }
}

static bool chain_holds(const struct block *b, const void *p)
{
    for (; b != BLOCK_END && block_linked(b, block_key); b = b->next)
        if (b == p)
            return true;
    return false;
}

bool tcache_holds(const struct tcache *tc, unsigned c, const void *p)
{
    return chain_holds(tc->head[c], p) || chain_holds(tc->spare[c].head, p);
}

NO_TSAN size_t tcache_blocks(const struct tcache *tc, unsigned c)
{
    int64_t blocks = (tc->fill[c] >> FILL_SHIFT) + capacity_of(c) + 1;
    return (blocks > 0 ? (size_t)blocks : 0) + tc->spare[c].count;
}

NO_TSAN uint64_t tcache_popped(const struct tcache *tc, unsigned c)
{
    return tc->popped[c] + FILL_POPPED(tc->fill[c]);
}
