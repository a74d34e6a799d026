/* SPDX-License-Identifier: MIT */
/* memory/guards.c - the area of guarded blocks, and what is known of each. */
#include "memory/guards.h"

#include "base/layout.h"

EXPORT struct guards hak_guards = {
    .magic = "hakmem guards", .slot_size = sizeof(struct guard_slot), .region = {REGION_GUARD}};

bool guards_hold(uintptr_t address)
{
    uintptr_t area = load_acquire(&hak_guards.area);
    return area && address - area < guards_bytes(hak_guards.count, hak_guards.page);
}

/* Slot I, if there is one and a block was ever in it. */
static struct guard_slot *used_slot(size_t i)
{
    if (i >= hak_guards.count)
        return NULL;
    struct guard_slot *slot = &hak_guards.slots[i];
    uint64_t state = load_acquire(&slot->state);
    return state == GUARD_NEVER || !slot->address ? NULL : slot;
}

struct guard_slot *guards_slot(const void *address)
{
    if (!guards_hold((uintptr_t)address))
        return NULL;
    size_t n = ((uintptr_t)address - load_relaxed(&hak_guards.area)) / hak_guards.page;
    return n % 2 ? used_slot(n / 2) : NULL;
}

struct guard_slot *guards_nearest(uintptr_t address)
{
    size_t n = (address - load_relaxed(&hak_guards.area)) / hak_guards.page;
    struct guard_slot *before, *behind = used_slot(n / 2);
    if (n % 2)
        return behind;
    before = n ? used_slot(n / 2 - 1) : NULL;
    if (!before || !behind)
        return before ? before : behind;
    return address - (before->address + before->size) <= behind->address - address ? before : behind;
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_guards[] = {
    LAYOUT_ADDRESS(hak_guards),
    LAYOUT_END,
};
