/* SPDX-License-Identifier: MIT */
/* insight/validate.c - the whole-structure validator. */
#include "insight/validate.h"

#include "base/text.h"
#include "memory/granules.h"
#include "memory/guard.h"
#include "memory/large.h"
#include "memory/pool.h"
#include "memory/strip.h"
#include "cache/thread.h"

enum { LINES_MAX = 10 };

static _Atomic(int) faults;

static void fault(const char *what, const void *where)
{
    if (add_relaxed(&faults, 1) >= LINES_MAX)
        return;
    struct line m;
    line_init(&m);
    line_str(&m, "hakmem: hak_check(): ");
    line_str(&m, what);
    line_str(&m, " ");
    line_hex(&m, (uintptr_t)where);
    line_str(&m, "\n");
    line_send(&m, 2);
}

/* Every block of a chain is linked soundly, belongs to the class, and is not free in its slab. */
static unsigned check_chain(const struct block *b, unsigned c)
{
    unsigned n = 0;
    for (; b != BLOCK_END && n <= CHAIN_MAX; b = b->next, n++) {
        if (!block_linked(b, block_key)) {
            fault("damaged free list", b);
            break;
        }
        if (classmap_get(b) != c || (c < CLASSES && pool_inspect(c, b) != SLAB_OK))
            fault("cached block is not one of its slab", b);
    }
    return n;
}

/* Each 2^30 pops that no slow path came between add one to the count of a list (tcache.h): no fault. */
enum { CARRIES_MOST = 16 };

static void check_own_cache(void)
{
    const struct tcache *tc = thread_cache();
    for (unsigned c = 1; c < CLASSES && tc != TCACHE_NONE; c++) {
        unsigned n = check_chain(tc->bin[c].head, c) + check_chain(tc->cold[c].spare, c);
        size_t counted = tcache_blocks(tc, c) - gather_blocks(gather_of(tc), c);
        if (n > counted || counted - n > CARRIES_MOST)
            fault("thread cache miscounted", tc);
    }
    for (unsigned c = CLASS_BINNED; c < CLASS_BINNED + BINNED && tc != TCACHE_NONE; c++)
        if (check_chain(tc->bin[c].head, c) != tcache_listed(tc, c))
            fault("shelf miscounted", tc);
}

int validate_heap(void)
{
    store_relaxed(&faults, 0);
    check_own_cache();
    pool_check(fault);
    granules_check(fault);
    strip_check(fault);
    guard_check(fault);
    large_check(fault);
    return load_relaxed(&faults);
}
