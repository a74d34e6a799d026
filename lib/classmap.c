/* SPDX-License-Identifier: MIT */
/* classmap.c - leaves of the class map (floor F3). */
#include "classmap.h"

#include "lock.h"
#include "meta.h"
#include "os.h"

struct leaf {
    class_byte classes[LEAF_GRANULES];
    _Atomic(struct region *) regions[LEAF_REGIONS];
};

/* Never written and never resident: reads of it share the kernel's page of zeroes. */
static class_byte zero_leaf[LEAF_GRANULES];

static_assert(LEAF_GRANULES == 4 << 20, "the biases below are for leaves of 4 MiB");
#define BIAS(i) ((uintptr_t)(i) << (LEAF_SHIFT - GRANULE_SHIFT))
#define ROOT1(i) (uintptr_t) zero_leaf - BIAS(i)
#define ROOT4(i) ROOT1(i), ROOT1(i + 1), ROOT1(i + 2), ROOT1(i + 3)
#define ROOT16(i) ROOT4(i), ROOT4(i + 4), ROOT4(i + 8), ROOT4(i + 12)
#define ROOT64(i) ROOT16(i), ROOT16(i + 16), ROOT16(i + 32), ROOT16(i + 48)
#define ROOT256(i) ROOT64(i), ROOT64(i + 64), ROOT64(i + 128), ROOT64(i + 192)
_Atomic(uintptr_t) classmap_root[ROOTS] = {ROOT256(0), ROOT256(256), ROOT256(512), ROOT256(768)};

static unsigned root_of(const void *address)
{
    return (unsigned)((uintptr_t)address >> LEAF_SHIFT) & (ROOTS - 1);
}

/* The leaf of root entry I, or NULL. */
static struct leaf *leaf_at(unsigned i)
{
    uintptr_t at = load_acquire(&classmap_root[i]) + BIAS(i);
    return at == (uintptr_t)zero_leaf ? NULL : (struct leaf *)at;
}

bool classmap_reserve(const void *address, size_t size)
{
    unsigned last = root_of((const char *)address + size - 1);
    for (unsigned i = root_of(address); i <= last; i++) {
        if (leaf_at(i))
            continue;
        struct leaf *leaf = os_map(sizeof *leaf, os_page_size(), NULL, true);
        if (!leaf)
            return false;
        meta_lock_for_fork();
        bool won = leaf_at(i) == NULL;
        if (won)
            store_release(&classmap_root[i], (uintptr_t)leaf - BIAS(i));
        meta_unlock_after_fork();
        if (won)
            meta_note_mapped(sizeof *leaf);
        else /* another thread was first */
            (void)os_unmap(leaf, sizeof *leaf);
    }
    return true;
}

void classmap_set(const void *address, unsigned n, unsigned size_class)
{
    unsigned i = root_of(address);
    uintptr_t granule = (uintptr_t)address >> GRANULE_SHIFT & (LEAF_GRANULES - 1);
    struct leaf *leaf = leaf_at(i);
    for (; n; n--, granule++)
        store_relaxed(&leaf->classes[granule], (uint8_t)size_class);
}

struct region *classmap_region(const void *address)
{
    struct leaf *leaf = (uintptr_t)address >> ADDRESS_BITS ? NULL : leaf_at(root_of(address));
    uintptr_t i = (uintptr_t)address >> SUPERSLAB_SHIFT & (LEAF_REGIONS - 1);
    return leaf ? load_acquire(&leaf->regions[i]) : NULL;
}

void classmap_set_region(const void *address, struct region *region)
{
    uintptr_t i = (uintptr_t)address >> SUPERSLAB_SHIFT & (LEAF_REGIONS - 1);
    store_release(&leaf_at(root_of(address))->regions[i], region);
}
