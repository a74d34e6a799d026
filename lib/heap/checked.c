/* SPDX-License-Identifier: MIT */
/* heap/checked.c - the checked mode: guard bytes behind each block.
 *
 * A block of usable size U that serves a request of S bytes, S + 8 <= U:
 *   [0, S) the program's   [S, U - 4) guard bytes   [U - 4, U) U - S, hidden by the secret key
 * Verified when the block is freed, resized or measured, and when its right neighbour is freed: a
 * write in front of a block lands in the guard of the one before it.
 * One lock serialises the mode, so that a neighbour's guard is never seen half written. */
#include "heap/checked.h"

#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "memory/pool.h"
#include "memory/strip.h"
#include "heap/uncached.h"

enum {
    TRAILER = 8,     /* guard bytes and hidden size, at least */
    GUARD_MAX = 256, /* of a larger rest only this much is filled and verified */
    GUARD_BASE = 0xa0
};

static uint32_t hide(uint32_t slack)
{
    return slack ^ (uint32_t)(block_key >> 16);
}

static size_t guard_bytes(size_t slack)
{
    return min_size(slack - sizeof(uint32_t), GUARD_MAX);
}

static uint8_t guard_byte(unsigned c)
{
    return (uint8_t)(GUARD_BASE + (c & 15));
}

static void set_guard(uint8_t *p, size_t size, size_t usable, unsigned c)
{
    uint32_t slack = (uint32_t)(usable - size), hidden = hide(slack);
    memset(p + size, guard_byte(c), guard_bytes(slack));
    memcpy(p + usable - sizeof hidden, &hidden, sizeof hidden);
}

/* The size asked for, or SIZE_MAX if the guard is damaged. */
static size_t guarded_size(const uint8_t *p, size_t usable, unsigned c)
{
    uint32_t hidden;
    memcpy(&hidden, p + usable - sizeof hidden, sizeof hidden);
    size_t slack = hide(hidden);
    if (slack < TRAILER || slack > usable)
        return SIZE_MAX;
    for (size_t i = 0; i < guard_bytes(slack); i++)
        if (p[usable - slack + i] != guard_byte(c))
            return SIZE_MAX;
    return usable - slack;
}

/* The lock spans whole calls, which ask for the time: it is read before. */
static void take_lock(void)
{
    (void)clock_now_ms();
    lock_take(RANK_CHECKED);
    lock_no_clock = true;
}

static void give_lock(void)
{
    lock_no_clock = false;
    lock_give(RANK_CHECKED);
}

void *checked_alloc(size_t size, size_t align, bool zero)
{
    take_lock();
    uint8_t *p = uncached_alloc(size + TRAILER, align, zero);
    if (p) {
        unsigned c = classmap_get(p);
        set_guard(p, size, uncached_size(p, c, "malloc"), c);
    }
    give_lock();
    return p;
}

/* The block to the left of P in its slab, if it is in use, else NULL. */
static const uint8_t *left_neighbour(const uint8_t *p, unsigned c)
{
    if (c < 1 || c >= CLASSES || ((uintptr_t)p & (GRANULE - 1)) == 0)
        return NULL;
    const uint8_t *left = p - class_size(c);
    return pool_inspect(c, left) == SLAB_OK ? left : NULL;
}

/* What is wrong with P, or NULL: the address to report. Lock held. */
static const void *damaged(const uint8_t *p, unsigned c, size_t usable)
{
    if (guarded_size(p, usable, c) == SIZE_MAX)
        return p;
    const uint8_t *left = left_neighbour(p, c);
    return left && guarded_size(left, usable, c) == SIZE_MAX ? left : NULL;
}

/* Faults are reported without the lock: a handler of SIGABRT may allocate. */
void checked_free(void *p, unsigned c, const char *function)
{
    size_t usable;
    const void *bad = NULL;
    enum slab_verdict verdict = SLAB_OK;
    take_lock();
    bool found = uncached_find_size(p, c, &usable);
    if (found && c < CLASSES)
        verdict = pool_inspect(c, p);
    if (found && verdict == SLAB_OK)
        bad = damaged(p, c, usable);
    if (found && verdict == SLAB_OK && !bad)
        uncached_free(p, c, function);
    give_lock();
    if (!found)
        uncached_report(p, function);
    if (verdict != SLAB_OK)
        fault_report(verdict == SLAB_IS_FREE ? FAULT_DOUBLE_FREE : FAULT_INVALID_POINTER, function, p);
    if (bad)
        fault_report(FAULT_OVERRUN, function, bad);
}

size_t checked_size(const void *p, unsigned c, const char *function)
{
    size_t usable, size = 0;
    lock_take(RANK_CHECKED);
    bool found = uncached_find_size(p, c, &usable);
    if (found)
        size = guarded_size(p, usable, c);
    lock_give(RANK_CHECKED);
    if (!found)
        uncached_report(p, function);
    if (size == SIZE_MAX)
        fault_report(FAULT_OVERRUN, function, p);
    return size;
}

NO_TSAN size_t checked_peek(const void *p, size_t usable, unsigned c)
{
    lock_take(RANK_CHECKED);
    /* Freed by now: its memory may be gone. */
    bool live = classmap_get(p) == c && (c >= CLASSES || pool_inspect(c, p) == SLAB_OK) &&
                (c != CLASS_STRIP || strip_size(p) == usable);
    size_t size = live ? guarded_size(p, usable, c) : SIZE_MAX;
    lock_give(RANK_CHECKED);
    return size == SIZE_MAX ? usable : size;
}
