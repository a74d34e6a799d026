/* SPDX-License-Identifier: MIT */
/* memory/guard.c - guarded blocks: each on a page of its own, between pages that nobody can access. */
#include "memory/guard.h"

#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/os.h"
#include "events/counters.h"
#include "events/fault.h"
#include "events/usage.h"
#include "memory/guardreport.h"
#include "memory/slab.h"

/* --- The area --------------------------------------------------------------------------------------*/

/* A region holds it. */
static size_t slots_for(size_t page)
{
    return min_size(GUARD_SLOTS, (SUPERSLAB / page - 1) / 2);
}

/* How many slots may be in use: the others keep what was freed. */
static uint32_t live_most(void)
{
    return (uint32_t)(hak_guards.count - hak_guards.count / 5);
}

/* False: the system or the limit refuses. */
static bool make_area(void)
{
    struct guards *g = &hak_guards;
    size_t page = os_page_size(), count = slots_for(page), size = guards_bytes(count, page);
    if (count == 0 || !usage_may_map(size))
        return false;
    char *area = os_map(size, SUPERSLAB, NULL, false);
    struct guard_slot *slots = area ? meta_alloc(count * sizeof *slots) : NULL;
    if (!slots || !classmap_reserve(area, size)) {
        if (area)
            (void)os_unmap(area, size);
        usage_unmapped(size);
        return false;
    }
    g->slots = slots;
    g->count = count;
    g->page = page;
    g->waiting = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        g->queue[i] = (uint8_t)i;
    classmap_set(area, (unsigned)(size >> GRANULE_SHIFT), CLASS_GUARD);
    classmap_set_region(area, &g->region);
    store_release(&g->area, (uintptr_t)area);
    return true;
}

/* Made by the first who wants it; meanwhile, and after a refusal, others do without. */
static bool have_area(void)
{
    static _Atomic(bool) tried;
    if (LIKELY(load_acquire(&hak_guards.area)))
        return true;
    if (atomic_exchange_explicit(&tried, true, memory_order_relaxed) || !make_area())
        return false;
    guardreport_begin();
    return true;
}

/* --- Slots -----------------------------------------------------------------------------------------*/

/* Lock held, as for the next two. */
static void set_state(struct guard_slot *slot, enum guard_state state)
{
    store_release(&slot->state, state);
}

static struct guard_slot *take_first(void)
{
    struct guards *g = &hak_guards;
    if (g->live == live_most()) {
        g->missed++;
        return NULL;
    }
    struct guard_slot *slot = &g->slots[g->queue[g->head]];
    g->head = (uint32_t)((g->head + 1) % g->count);
    g->waiting--;
    g->live++;
    set_state(slot, GUARD_OPENING);
    return slot;
}

static void put_last(struct guard_slot *slot)
{
    struct guards *g = &hak_guards;
    g->queue[(g->head + g->waiting) % g->count] = (uint8_t)(slot - g->slots);
    g->waiting++;
    g->live--;
}

/* The slot of the block P, which is in use, or NULL. Lock held. */
static struct guard_slot *live_slot(const void *p)
{
    struct guard_slot *slot = guards_slot(p);
    return slot && load_relaxed(&slot->state) == GUARD_LIVE && slot->address == (uintptr_t)p ? slot : NULL;
}

/* --- The rest of the page --------------------------------------------------------------------------
 *
 * It bears one byte: not 0 nor a letter, which are what programs write too many, and another one in each
 * process. */

static unsigned char filling(void)
{
    return (unsigned char)(block_key >> 24 | 0x80);
}

struct rest {
    unsigned char *front, *back;
    size_t in_front, behind;
};

static struct rest rest_of(const struct guard_slot *slot)
{
    uintptr_t page = guards_page(&hak_guards, slot), end = slot->address + slot->size;
    return (struct rest){(unsigned char *)page, (unsigned char *)end, slot->address - page,
                         page + hak_guards.page - end};
}

static void fill_rest(const struct guard_slot *slot)
{
    struct rest r = rest_of(slot);
    memset(r.front, filling(), r.in_front);
    memset(r.back, filling(), r.behind);
}

/* All alike, if the first is, and each is like the next. */
static bool is_filled(const unsigned char *p, size_t size)
{
    return size == 0 || (p[0] == filling() && memcmp(p, p + 1, size - 1) == 0);
}

static bool is_sound(const struct guard_slot *slot)
{
    struct rest r = rest_of(slot);
    return is_filled(r.front, r.in_front) && is_filled(r.back, r.behind);
}

/* --- Blocks ----------------------------------------------------------------------------------------*/

static void note(struct guard_event *e, struct sample_thread by)
{
    uintptr_t pcs[GUARD_DEPTH];
    struct unwound u = samples_stack(pcs, GUARD_DEPTH, by);
    for (unsigned i = 0; i < u.depth; i++)
        e->pc[i] = pcs[i];
    e->depth = u.depth;
    e->thread = by.id;
    e->at_ms = clock_now_ms();
}

void *guard_alloc(size_t size, size_t align, bool at_end, struct sample_thread by)
{
    struct guards *g = &hak_guards;
    size_t page = os_page_size();
    align = max_size(align, MIN_ALIGN);
    if (size > page || align > page || !have_area())
        return NULL;
    lock_take(RANK_GUARD);
    struct guard_slot *slot = take_first();
    lock_give(RANK_GUARD);
    if (!slot)
        return NULL;
    uintptr_t at = guards_page(g, slot);
    bool opened = os_protect((void *)at, page, true) == 0;
    if (opened) {
        slot->address = at + (at_end ? page - round_up(size, align) : 0);
        slot->size = size;
        slot->freed.at_ms = 0;
        note(&slot->got, by);
        fill_rest(slot);
    }
    lock_take(RANK_GUARD);
    set_state(slot, opened ? GUARD_LIVE : GUARD_FREED);
    if (opened) {
        g->bytes += size;
        g->blocks++;
        usage_add(USAGE_IN_USE, page);
    } else {
        put_last(slot);
    }
    lock_give(RANK_GUARD);
    count(COUNT_UNCACHED_ALLOCS, opened);
    return opened ? (void *)slot->address : NULL;
}

/* A page that the system refuses to close stays open: that slot finds nothing until it is used again. */
bool guard_free(void *p, struct sample_thread by, const char *function)
{
    struct guards *g = &hak_guards;
    lock_take(RANK_GUARD);
    struct guard_slot *slot = live_slot(p);
    if (slot)
        set_state(slot, GUARD_CLOSING);
    lock_give(RANK_GUARD);
    if (!slot)
        return false;
    if (!is_sound(slot)) {
        guardreport_block(p);
        fault_report(FAULT_OVERRUN, function, p);
    }
    note(&slot->freed, by);
    (void)os_shut((void *)guards_page(g, slot), g->page);
    lock_take(RANK_GUARD);
    set_state(slot, GUARD_FREED);
    g->bytes -= slot->size;
    g->blocks--;
    usage_sub(USAGE_IN_USE, g->page);
    put_last(slot);
    lock_give(RANK_GUARD);
    return true;
}

size_t guard_size(const void *p)
{
    lock_take(RANK_GUARD);
    const struct guard_slot *slot = live_slot(p);
    size_t size = slot ? slot->size : 0;
    lock_give(RANK_GUARD);
    return size;
}

bool guard_was_block(const void *p)
{
    lock_take(RANK_GUARD);
    const struct guard_slot *slot = guards_slot(p);
    uint64_t state = slot ? load_relaxed(&slot->state) : GUARD_NEVER;
    bool was = (state == GUARD_FREED || state == GUARD_CLOSING) && slot->address == (uintptr_t)p;
    lock_give(RANK_GUARD);
    return was;
}

/* --- Insight ---------------------------------------------------------------------------------------*/

void guard_totals(struct guard_totals *out)
{
    const struct guards *g = &hak_guards;
    lock_take(RANK_GUARD);
    *out = (struct guard_totals){load_relaxed(&g->area) ? guards_bytes(g->count, g->page) : 0, g->bytes,
                                 g->blocks};
    lock_give(RANK_GUARD);
}

bool guard_walk(unsigned *next, void **p, size_t *size)
{
    const struct guards *g = &hak_guards;
    bool found = false;
    lock_take(RANK_GUARD);
    while (load_acquire(&g->area) && *next < g->count && !found) {
        const struct guard_slot *slot = &g->slots[(*next)++];
        found = load_relaxed(&slot->state) == GUARD_LIVE;
        *p = (void *)slot->address;
        *size = slot->size;
    }
    lock_give(RANK_GUARD);
    return found;
}

/* Lock held, as for the next: so no block is freed meanwhile, and its page can be read. */
static void check_slots(void (*fault)(const char *what, const void *where))
{
    const struct guards *g = &hak_guards;
    size_t bytes = 0, blocks = 0, free = 0;
    for (size_t i = 0; i < g->count; i++) {
        const struct guard_slot *slot = &g->slots[i];
        uint64_t state = load_relaxed(&slot->state);
        free += state == GUARD_NEVER || state == GUARD_FREED;
        if (state != GUARD_LIVE)
            continue;
        blocks++;
        bytes += slot->size;
        if (guards_slot((const void *)slot->address) != slot || slot->size == 0 || slot->size > g->page)
            fault("guarded block not in its slot", slot);
        else if (!is_sound(slot))
            fault("guarded block overrun", (const void *)slot->address);
    }
    if (free != g->waiting || free + g->live != g->count)
        fault("slots of guarded blocks miscounted", g);
    if (bytes > g->bytes || blocks > g->blocks)
        fault("guarded blocks miscounted", g);
}

static void check_queue(void (*fault)(const char *what, const void *where))
{
    const struct guards *g = &hak_guards;
    bool seen[GUARD_SLOTS] = {false};
    for (uint32_t i = 0; i < g->waiting; i++) {
        uint8_t n = g->queue[(g->head + i) % g->count];
        uint64_t state = n < g->count ? load_relaxed(&g->slots[n].state) : GUARD_LIVE;
        if ((state != GUARD_NEVER && state != GUARD_FREED) || seen[n])
            fault("slot of a guarded block out of its queue", g);
        else
            seen[n] = true;
    }
}

void guard_check(void (*fault)(const char *what, const void *where))
{
    const struct guards *g = &hak_guards;
    uintptr_t area = load_acquire(&g->area);
    if (!area)
        return;
    for (size_t at = 0; at < guards_bytes(g->count, g->page); at += GRANULE)
        if (classmap_get((const void *)(area + at)) != CLASS_GUARD)
            fault("granule of guarded blocks not in the class map", (const void *)(area + at));
    lock_take(RANK_GUARD);
    check_slots(fault);
    check_queue(fault);
    lock_give(RANK_GUARD);
}
