/* SPDX-License-Identifier: MIT */
/* span.c - requests of 32 KiB to 1 MiB: runs of granules (floor F5).
 *
 * A few freed spans are parked in slots, so that a program that allocates and frees one in turn
 * takes no lock. A slot is one word: 0, or a span (address of its first granule in the lower 48
 * bits, which are below 2^48; its length in granules above).
 *   park:  CAS from 0, release     take:  CAS from the word that was seen to 0, acquire
 * ABA is harmless: a word names a span and its length, and whoever finds the same word in the slot
 * finds that span parked now. Nothing is reclaimed while parked: the span is the slot's alone.
 * The class byte of a parked span is 0. It is the claim, too: free swaps it for 0, so that of two
 * threads that free the same span one learns that it came second. */
#include "span.h"

#include <string.h>

#include "counters.h"
#include "os.h"
#include "policy.h"
#include "superslab.h"

enum { PARKED = 2 };

static struct {
    _Atomic(uint64_t) slot[PARKED]; /* atomic; any thread */
    _Atomic(uint64_t) parked_ms;    /* when the latest was parked; relaxed, a hint */
} parking;

static unsigned granules_for(size_t size)
{
    return size ? (unsigned)((size + GRANULE - 1) >> GRANULE_SHIFT) : 1;
}

static uint64_t pack(const struct slab *first)
{
    return (uint64_t)first->run << ADDRESS_BITS | (uintptr_t)first->base;
}

static void *unpack(uint64_t word)
{
    return (void *)(uintptr_t)(word & ((UINT64_C(1) << ADDRESS_BITS) - 1));
}

static bool take_word(_Atomic(uint64_t) *slot, uint64_t word)
{
    return swap_word(slot, word, 0);
}

static bool park(const struct slab *first)
{
    for (unsigned i = 0; i < PARKED; i++)
        if (load_relaxed(&parking.slot[i]) == 0 && swap_word(&parking.slot[i], 0, pack(first)))
            return true;
    return false;
}

/* A parked span of RUN granules, taken out, or NULL. */
static void *unpark(unsigned run)
{
    for (unsigned i = 0; i < PARKED; i++) {
        uint64_t word = load_relaxed(&parking.slot[i]);
        if (word >> ADDRESS_BITS == run && take_word(&parking.slot[i], word))
            return unpack(word);
    }
    return NULL;
}

void *span_reuse(size_t size)
{
    void *p = unpark(granules_for(size));
    if (p) {
        classmap_set(p, 1, CLASS_SPAN);
        count(COUNT_SPAN_ALLOCS, 1);
    }
    return p;
}

void *span_alloc(size_t size, bool zero)
{
    unsigned run = granules_for(size);
    uint32_t dirty = mask_run(0, run);
    uint8_t *p = span_reuse(size);
    if (!p) {
        struct slab *first = superslab_take_run(run, &dirty);
        if (!first)
            return NULL;
        p = first->base;
        count(COUNT_SPAN_ALLOCS, 1);
    }
    for (; zero && dirty; dirty &= dirty - 1) {
        size_t offset = (size_t)__builtin_ctz(dirty) << GRANULE_SHIFT;
        if (offset < size)
            memset(p + offset, 0, min_size(GRANULE, size - offset));
    }
    return p;
}

size_t span_size(const void *p)
{
    return (size_t)superslab_slab_of(p)->run << GRANULE_SHIFT;
}

bool span_valid(const void *p)
{
    return ((uintptr_t)p & (GRANULE - 1)) == 0 && classmap_get(p) == CLASS_SPAN;
}

struct slab *span_claim(void *p)
{
    if (((uintptr_t)p & (GRANULE - 1)) != 0 || !classmap_claim(p, CLASS_SPAN))
        return NULL;
    return superslab_slab_of(p);
}

void span_give(struct slab *first)
{
    if (park(first))
        store_relaxed(&parking.parked_ms, os_recent_ms());
    else
        superslab_give_run(first);
}

bool span_extend(void *p, size_t size)
{
    struct slab *first = superslab_slab_of(p);
    unsigned run = granules_for(size);
    uint32_t dirty;
    return run <= first->run || (run <= GRANULES && superslab_extend_run(first, run, &dirty));
}

void span_trim(void)
{
    for (unsigned i = 0; i < PARKED; i++) {
        uint64_t word = load_relaxed(&parking.slot[i]);
        if (word && take_word(&parking.slot[i], word))
            superslab_give_run(superslab_slab_of(unpack(word)));
    }
}

void span_decay(uint64_t now_ms)
{
    if (now_ms - load_relaxed(&parking.parked_ms) >= policy.purge_delay_ms)
        span_trim();
}

size_t span_parked(size_t *bytes)
{
    size_t n = 0;
    *bytes = 0;
    for (unsigned i = 0; i < PARKED; i++) {
        uint64_t word = load_relaxed(&parking.slot[i]);
        n += word != 0;
        *bytes += (size_t)(word >> ADDRESS_BITS) << GRANULE_SHIFT;
    }
    return n;
}
