/* SPDX-License-Identifier: MIT */
/* young.c - the first blocks of a process, packed side by side (floor F5).
 *
 * units[i] tells of the 16 bytes number i: how many of them the block has that begins there (0: none
 * does), and whether it was freed. Freed blocks are linked and keep the check of slab.h, so that a
 * write to one of them is found: the latest at the next allocation, all at the end. */
#include "young.h"

#include "atomic.h"
#include "layout.h"
#include "list.h"
#include "lock.h"
#include "os.h"
#include "granules.h"

enum { UNITS = GRANULE / MIN_ALIGN, UNIT_FREED = 0x8000 };
static_assert(YOUNG_MAX / MIN_ALIGN < UNIT_FREED, "a length and the flag share an entry");

enum young_state { YOUNG_NEW, YOUNG_OPEN, YOUNG_CLOSED };

static struct young {
    struct lock lock; /* guards all but state's being read */
    _Atomic(enum young_state) state;
    struct slab *slab;
    unsigned next; /* first unit that no block has had */
    unsigned live, live_units;
    struct block *freed; /* chain of freed blocks, latest first; NULL before there is a granule */
    uint16_t units[UNITS];
} young;

bool young_open(void)
{
    return load_relaxed(&young.state) != YOUNG_CLOSED;
}

/* Get the granule. Lock held; no system call but the one for memory that does not exist yet. */
static bool open_granule(void)
{
    young.slab = granules_take_slab(CLASS_YOUNG);
    bool got = young.slab != NULL && young.slab->fresh;
    store_relaxed(&young.state, got ? YOUNG_OPEN : YOUNG_CLOSED);
    young.freed = BLOCK_END;
    return got;
}

void *young_alloc(size_t size, const char *function)
{
    unsigned n = (unsigned)((size + MIN_ALIGN - 1) / MIN_ALIGN);
    uint8_t *p = NULL;
    lock_take(&young.lock, RANK_YOUNG);
    const struct block *damaged = NULL;
    if (young.freed && young.freed != BLOCK_END && !block_linked(young.freed, block_key))
        damaged = young.freed;
    else if (load_relaxed(&young.state) == YOUNG_OPEN ||
             (load_relaxed(&young.state) == YOUNG_NEW && open_granule())) {
        if (young.next + n <= UNITS) {
            p = young.slab->base + (size_t)young.next * MIN_ALIGN;
            young.units[young.next] = (uint16_t)n;
            young.next += n;
            young.live++;
            young.live_units += n;
        } else {
            store_relaxed(&young.state, YOUNG_CLOSED);
        }
    }
    lock_give(&young.lock, RANK_YOUNG);
    if (damaged)
        report_fault(FAULT_DAMAGED_LIST, function, damaged);
    return p;
}

/* The entry of the block that begins at P, or NULL. */
static uint16_t *unit_of(const void *p)
{
    uintptr_t offset = (uintptr_t)p & (GRANULE - 1);
    uint16_t *unit = &young.units[offset / MIN_ALIGN];
    return offset % MIN_ALIGN == 0 && *unit ? unit : NULL;
}

void young_free(void *p, const char *function)
{
    int fault = -1;
    struct slab *empty = NULL;
    lock_take(&young.lock, RANK_YOUNG);
    uint16_t *unit = unit_of(p);
    if (!unit) {
        fault = FAULT_INVALID_POINTER;
    } else if (*unit & UNIT_FREED) {
        fault = FAULT_DOUBLE_FREE;
    } else {
        young.live--;
        young.live_units -= *unit;
        *unit |= UNIT_FREED;
        block_link(p, young.freed, block_key);
        young.freed = p;
        if (young.live == 0 && load_relaxed(&young.state) == YOUNG_CLOSED) {
            empty = young.slab;
            young.freed = BLOCK_END;
        }
    }
    lock_give(&young.lock, RANK_YOUNG);
    if (fault >= 0)
        report_fault((enum fault)fault, function, p);
    if (empty) {
        struct list one;
        list_init(&one);
        list_push_back(&one, &empty->link);
        granules_give_slabs(&one);
    }
}

size_t young_size(const void *p)
{
    lock_take(&young.lock, RANK_YOUNG);
    const uint16_t *unit = unit_of(p);
    size_t size = unit && !(*unit & UNIT_FREED) ? (size_t)*unit * MIN_ALIGN : 0;
    lock_give(&young.lock, RANK_YOUNG);
    return size;
}

bool young_was_block(const void *p)
{
    lock_take(&young.lock, RANK_YOUNG);
    const uint16_t *unit = classmap_get(p) == CLASS_YOUNG ? unit_of(p) : NULL;
    bool was = unit && (*unit & UNIT_FREED);
    lock_give(&young.lock, RANK_YOUNG);
    return was;
}

void young_verify(const char *function)
{
    lock_take(&young.lock, RANK_YOUNG);
    const struct block *b = young.freed;
    while (b && b != BLOCK_END && block_linked(b, block_key))
        b = b->next;
    lock_give(&young.lock, RANK_YOUNG);
    if (b && b != BLOCK_END)
        report_fault(FAULT_DAMAGED_LIST, function, b);
}

size_t young_live(size_t *bytes)
{
    lock_take(&young.lock, RANK_YOUNG);
    size_t n = young.live;
    *bytes = (size_t)young.live_units * MIN_ALIGN;
    lock_give(&young.lock, RANK_YOUNG);
    return n;
}

unsigned young_walk(unsigned *next, struct young_block *out, unsigned most)
{
    unsigned n = 0;
    lock_take(&young.lock, RANK_YOUNG);
    for (; young.live && *next < young.next && n < most; (*next)++) {
        unsigned unit = young.units[*next];
        if (unit && !(unit & UNIT_FREED))
            out[n++] =
                (struct young_block){young.slab->base + (size_t)*next * MIN_ALIGN, (size_t)unit * MIN_ALIGN};
    }
    lock_give(&young.lock, RANK_YOUNG);
    return n;
}

void young_each_lock(lock_visitor *visit)
{
    visit(&young.lock);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_young[] = {
    LAYOUT_FIELD(young, slab),
    LAYOUT_FIELD(young, next),
    LAYOUT_FIELD(young, live),
    LAYOUT_FIELD(young, live_units),
    LAYOUT_END,
};
const struct layout_row layout_at_young[] = {
    LAYOUT_ADDRESS(young),
    LAYOUT_END,
};
