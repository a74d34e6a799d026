/* SPDX-License-Identifier: MIT */
/* memory/pool.h - the shared pool: partial slabs of every class, any thread refills from them. */
#ifndef HAK_POOL_H
#define HAK_POOL_H

#include "events/fault.h"
#include "memory/slab.h"

/* Up to WANT blocks, at least one unless the system refuses memory (count 0). Where UNTOUCHED is
 * not NULL it tells whether they are zero behind the block header. */
struct magazine pool_refill(unsigned size_class, unsigned want, bool *untouched);

/* Return every block of MAG to its slab. A slab whose last block comes back is EMPTY, and at once
 * reusable by every class. The number of blocks. Aborts with FUNCTION's name on a block that is none. */
unsigned pool_drain(unsigned size_class, struct magazine mag, const char *function);

/* Blocks of one word of one slab, on their way home. */
struct group {
    uintptr_t word; /* address of the slab's granule, and the number of the word in its lower bits */
    uint64_t mask;
};

/* The group of P alone, a block of a class of this MAGIC. */
static ALWAYS_INLINE struct group group_of(const void *p, uint32_t magic)
{
    uint16_t offset = (uint16_t)(uintptr_t)p;
    uint64_t i = (uint64_t)offset * magic >> 32;
    return (struct group){((uintptr_t)p ^ offset) | i / 64, 1ull << i % 64};
}

/* Return the blocks of N groups. Their slabs are looked up before the lock of the class is taken, once for
 * GROUPS of them at most. As pool_drain. */
enum { GROUPS = 64 };
void pool_put(unsigned size_class, const struct group *group, unsigned n, const char *function);

/* What block P of an ACTIVE slab is: takes the lock of the class. */
enum slab_verdict pool_inspect(unsigned size_class, const void *p);

/* Purge the free pages inside partial slabs, of SLABS slabs at most that were not purged since a block
 * came back to them; the bytes. */
size_t pool_trim(size_t slabs);

/* True if the class has as many slabs as its soft cap allows, or more; a hint. */
bool pool_over_cap(unsigned size_class);

/* For the engine: counts since start, and slabs now. Read as they are. */
struct pool_counts {
    uint32_t refills, drains, slabs, out;
};
struct pool_counts pool_counts(unsigned size_class);

struct pool_totals {
    size_t out, free; /* blocks: with the program, in caches or transfer slots; free in ACTIVE slabs */
    size_t slabs;     /* ACTIVE ones */
};
struct pool_totals pool_totals(unsigned size_class);

/* Set bit i of LIVE where block i of SLAB, any slab descriptor, is with the program, and not in a cache.
 * Returns its class, or CLASS_NONE where no class has it, none of its blocks is out, or it does not describe
 * BASE any more. */
unsigned pool_live(const struct slab *slab, const uint8_t *base, uint64_t live[SLAB_WORDS]);

/* Check all slabs of all classes. */
void pool_check(void (*fault)(const char *what, const void *where));

/* The child of fork: the locks of the classes are free. */
void pool_forked(void);

#endif
