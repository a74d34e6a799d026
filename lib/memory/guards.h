/* SPDX-License-Identifier: MIT */
/* memory/guards.h - the area of guarded blocks, and what is known of each. Of guard.c, guardreport.c.
 *
 * A guarded block is alone on a page between pages that nobody can access. Slot i is page 2i + 1 of the area,
 * and the even pages are never accessible:
 *
 *   | - | slot 0 | - | slot 1 | - ... - |
 *
 * What a debugger reads of a core dump, as there is no other way in then: hak_guards begins with 16 bytes of
 * text; then come as numbers of 8 bytes the address of the first record, the size of a record, their number,
 * the address of the area, and the size of a page. A record is struct guard_slot; all of its fields are 8
 * bytes wide. With debug information: p hak_guards.slots[0]. */
#ifndef HAK_GUARDS_H
#define HAK_GUARDS_H

#include "memory/classmap.h"

enum {
    GUARD_SLOTS = 128, /* fewer where pages are large: the area lies in one region */
    GUARD_DEPTH = 32   /* return addresses kept of a stack */
};

/* The GUARD lock guards the change of a state. Who made it OPENING or CLOSING alone works on the slot until
 * he makes it the next one, without the lock: system calls are made there. */
enum guard_state { GUARD_NEVER, GUARD_FREED, GUARD_OPENING, GUARD_LIVE, GUARD_CLOSING };

struct guard_event {
    uint64_t at_ms;  /* CLOCK_MONOTONIC; 0: it did not happen */
    uint64_t thread; /* kernel ID; 0: the process's own */
    uint64_t depth;
    uint64_t pc[GUARD_DEPTH]; /* return addresses, the innermost first */
};

/* Of the block that the slot holds, or held last. A fault may be met at any moment, so this stays until the
 * slot is used again. */
struct guard_slot {
    _Atomic(uint64_t) state; /* release, behind all that follows */
    uint64_t address, size;  /* as asked for */
    struct guard_event got, freed;
};

/* Invariants, under the lock:
 *   queue[head .. head + waiting) modulo count: each slot that is NEVER or FREED, once, the one freed first
 *     in front
 *   live = slots in another state, bytes and blocks of those that are LIVE
 * Fixed once `area` is set (release): slots, count, page, region. */
struct guards {
    char magic[16];
    struct guard_slot *slots;
    uint64_t slot_size, count;
    _Atomic(uintptr_t) area; /* 0: there is none */
    uint64_t page;
    struct region region;
    uint32_t head, waiting, live, blocks;
    uint64_t bytes;
    uint64_t missed; /* samples that found no slot */
    uint8_t queue[GUARD_SLOTS];
};
extern struct guards hak_guards;

static inline uintptr_t guards_page(const struct guards *g, const struct guard_slot *slot)
{
    return load_relaxed(&g->area) + (2 * (size_t)(slot - g->slots) + 1) * g->page;
}

/* Bytes of the area of COUNT slots: whole granules. */
static inline size_t guards_bytes(size_t count, size_t page)
{
    return round_up((2 * count + 1) * page, GRANULE);
}

/* The slot whose page ADDRESS lies in; NULL: in none. Any address. */
struct guard_slot *guards_slot(const void *address);

/* ADDRESS lies in the area. Which block is it about, if any: the one on its page, else the nearer one of the
 * two beside it. No lock: a moment's picture. */
struct guard_slot *guards_nearest(uintptr_t address);
bool guards_hold(uintptr_t address);

#endif
