/* SPDX-License-Identifier: MIT */
/* shadow.h - which 16-byte units of memory belong to a live block: one bit each (test support).
 *
 * The bit of a unit is set after the allocation that covers it returned and cleared before the
 * block is freed. An allocation whose bit is already set overlaps a live block. Two levels: a root
 * indexed by address bits 26 to 46, leaves of 512 KiB, mapped when first needed. All accesses are
 * atomic and relaxed: the allocator under test must order a free before the next allocation. */
#ifndef SHADOW_H
#define SHADOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    UNIT_SHIFT = 4,
    LEAF_SHIFT = 26,
    ADDRESS_BITS = 47,
    LEAF_UNITS = 1 << (LEAF_SHIFT - UNIT_SHIFT),
    LEAF_WORDS = LEAF_UNITS / 64
};

typedef _Atomic uint64_t shadow_word;
static shadow_word *_Atomic shadow_root[1 << (ADDRESS_BITS - LEAF_SHIFT)];

static inline void *shadow_map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        abort();
    return p;
}

static shadow_word *shadow_new_leaf(size_t index)
{
    shadow_word *fresh = shadow_map(LEAF_WORDS * sizeof *fresh), *other = NULL;
    if (atomic_compare_exchange_strong(&shadow_root[index], &other, fresh))
        return fresh;
    munmap(fresh, LEAF_WORDS * sizeof *fresh);
    return other;
}

static inline shadow_word *shadow_word_of(uintptr_t unit)
{
    size_t index = unit >> (LEAF_SHIFT - UNIT_SHIFT);
    shadow_word *leaf = atomic_load_explicit(&shadow_root[index], memory_order_acquire);
    if (!leaf)
        leaf = shadow_new_leaf(index);
    return leaf + (unit & (LEAF_UNITS - 1)) / 64;
}

/* Set (or clear) the bits of [start, start + size). False if one had that value already. */
static inline bool shadow_change(const void *start, size_t size, bool set)
{
    uintptr_t unit = (uintptr_t)start >> UNIT_SHIFT;
    uintptr_t end = ((uintptr_t)start + size + (1 << UNIT_SHIFT) - 1) >> UNIT_SHIFT;
    bool sound = true;
    while (unit < end) {
        unsigned first = unit % 64;
        unsigned count = end - unit < 64 - first ? (unsigned)(end - unit) : 64 - first;
        uint64_t mask = (~UINT64_C(0) >> (64 - count)) << first;
        shadow_word *word = shadow_word_of(unit);
        uint64_t old = set ? atomic_fetch_or_explicit(word, mask, memory_order_relaxed)
                           : atomic_fetch_and_explicit(word, ~mask, memory_order_relaxed);
        sound &= (set ? old & mask : ~old & mask) == 0;
        unit += count;
    }
    return sound;
}

#endif
