/* SPDX-License-Identifier: MIT */
/* cache/startup.c - the first blocks of a process, packed side by side.
 *
 * units[i] tells of the 16 bytes number i: how many of them the block has that begins there (0: none
 * does), and whether it was freed. Freed blocks are linked and keep the check of slab.h, so that a
 * write to one of them is found: the latest at the next allocation, all at the end. */
#include "cache/startup.h"

#include "base/atomic.h"
#include "base/layout.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/os.h"
#include "memory/granules.h"

enum { UNITS = GRANULE / MIN_ALIGN, UNIT_FREED = 0x8000 };
static_assert(STARTUP_MAX / MIN_ALIGN < UNIT_FREED, "a length and the flag share an entry");

enum startup_state { STARTUP_NEW, STARTUP_OPEN, STARTUP_CLOSED };

/* By the STARTUP lock; `state` is read without, too. */
static struct startup {
    _Atomic(enum startup_state) state;
    struct slab *slab;
    unsigned next; /* first unit that no block has had */
    unsigned live, live_units;
    struct block *freed; /* chain of freed blocks, latest first; NULL before there is a granule */
    uint16_t units[UNITS];
} startup;

bool startup_open(void)
{
    return load_relaxed(&startup.state) != STARTUP_CLOSED;
}

/* Get the granule: a new one, or none, as blocks are said to be zero. Lock held; no system call but the one
 * for memory that does not exist yet. */
static bool open_granule(void)
{
    startup.slab = granules_take_slab(CLASS_STARTUP);
    bool got = startup.slab != NULL && startup.slab->fresh;
    store_relaxed(&startup.state, got ? STARTUP_OPEN : STARTUP_CLOSED);
    startup.freed = BLOCK_END;
    return got;
}

/* Blocks are never reused, so one that was freed cannot be anybody's again: each second free of it is found
 * at once, and a write to it at the next allocation. A request that does not fit closes the granule for good:
 * what is left of it is less than a page, mostly. */
void *startup_alloc(size_t size, const char *function)
{
    unsigned n = (unsigned)((size + MIN_ALIGN - 1) / MIN_ALIGN);
    uint8_t *p = NULL;
    lock_take(RANK_STARTUP);
    const struct block *damaged = NULL;
    if (startup.freed && startup.freed != BLOCK_END && !block_linked(startup.freed, block_key))
        damaged = startup.freed;
    else if (load_relaxed(&startup.state) == STARTUP_OPEN ||
             (load_relaxed(&startup.state) == STARTUP_NEW && open_granule())) {
        if (startup.next + n <= UNITS) {
            p = startup.slab->base + (size_t)startup.next * MIN_ALIGN;
            startup.units[startup.next] = (uint16_t)n;
            startup.next += n;
            startup.live++;
            startup.live_units += n;
        } else {
            store_relaxed(&startup.state, STARTUP_CLOSED);
        }
    }
    lock_give(RANK_STARTUP);
    if (damaged)
        fault_report(FAULT_DAMAGED_LIST, function, damaged);
    return p;
}

/* The entry of the block that begins at P, or NULL. */
static uint16_t *unit_of(const void *p)
{
    uintptr_t offset = (uintptr_t)p & (GRANULE - 1);
    uint16_t *unit = &startup.units[offset / MIN_ALIGN];
    return offset % MIN_ALIGN == 0 && *unit ? unit : NULL;
}

/* The granule, if nothing is in use of it and nothing will be. Lock held. */
static struct slab *left_empty(void)
{
    if (startup.live || !startup.slab || load_relaxed(&startup.state) != STARTUP_CLOSED)
        return NULL;
    startup.freed = BLOCK_END;
    return startup.slab;
}

static void give_granule(struct slab *empty)
{
    struct list one;
    list_init(&one);
    list_push_back(&one, &empty->link);
    granules_give_slabs(&one);
}

void startup_close(void)
{
    struct slab *empty = NULL;
    lock_take(RANK_STARTUP);
    if (load_relaxed(&startup.state) != STARTUP_CLOSED) {
        store_relaxed(&startup.state, STARTUP_CLOSED);
        empty = left_empty();
    }
    lock_give(RANK_STARTUP);
    if (empty)
        give_granule(empty);
}

/* Faults are reported without the lock: a handler of SIGABRT may allocate. The granule goes when the last
 * block has come back, but not before it is closed: else the next one would need another. */
void startup_free(void *p, const char *function)
{
    int fault = -1;
    struct slab *empty = NULL;
    lock_take(RANK_STARTUP);
    uint16_t *unit = unit_of(p);
    if (!unit) {
        fault = FAULT_INVALID_POINTER;
    } else if (*unit & UNIT_FREED) {
        fault = FAULT_DOUBLE_FREE;
    } else {
        startup.live--;
        startup.live_units -= *unit;
        *unit |= UNIT_FREED;
        block_link(p, startup.freed, block_key);
        startup.freed = p;
        empty = left_empty();
    }
    lock_give(RANK_STARTUP);
    if (fault >= 0)
        fault_report((enum fault)fault, function, p);
    if (empty)
        give_granule(empty);
}

size_t startup_size(const void *p)
{
    lock_take(RANK_STARTUP);
    const uint16_t *unit = unit_of(p);
    size_t size = unit && !(*unit & UNIT_FREED) ? (size_t)*unit * MIN_ALIGN : 0;
    lock_give(RANK_STARTUP);
    return size;
}

bool startup_was_block(const void *p)
{
    lock_take(RANK_STARTUP);
    const uint16_t *unit = classmap_get(p) == CLASS_STARTUP ? unit_of(p) : NULL;
    bool was = unit && (*unit & UNIT_FREED);
    lock_give(RANK_STARTUP);
    return was;
}

void startup_verify(const char *function)
{
    lock_take(RANK_STARTUP);
    const struct block *b = startup.freed;
    while (b && b != BLOCK_END && block_linked(b, block_key))
        b = b->next;
    lock_give(RANK_STARTUP);
    if (b && b != BLOCK_END)
        fault_report(FAULT_DAMAGED_LIST, function, b);
}

struct startup_totals startup_totals(void)
{
    lock_take(RANK_STARTUP);
    struct startup_totals t = {startup.live, (size_t)startup.live_units * MIN_ALIGN,
                               (size_t)startup.next * MIN_ALIGN};
    lock_give(RANK_STARTUP);
    return t;
}

unsigned startup_walk(unsigned *next, struct startup_block *out, unsigned most)
{
    unsigned n = 0;
    lock_take(RANK_STARTUP);
    for (; startup.live && *next < startup.next && n < most; (*next)++) {
        unsigned unit = startup.units[*next];
        if (unit && !(unit & UNIT_FREED))
            out[n++] = (struct startup_block){startup.slab->base + (size_t)*next * MIN_ALIGN,
                                              (size_t)unit * MIN_ALIGN};
    }
    lock_give(RANK_STARTUP);
    return n;
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_startup[] = {
    LAYOUT_ADDRESS(startup.next),
    LAYOUT_ADDRESS(startup.live),
    LAYOUT_ADDRESS(startup.live_units),
    LAYOUT_END,
};
