/* SPDX-License-Identifier: MIT */
/* cache/transfer.c - full magazines on their way between threads. */
#include "cache/transfer.h"

#include "base/layout.h"
#include "base/meta.h"
#include "settings/policy.h"

enum { CREDITS = 2 /* for each miss: one magazine to replace it, one to get ahead */ };

/* Stripe 0 is always there; others appear as threads do, and stay. Atomic, NULL to a pointer once. */
static CACHE_ALIGNED struct stripe first_stripe;
static _Atomic(struct stripe *) stripes[POLICY_STRIPES] = {&first_stripe};

static uint64_t pack(struct magazine mag)
{
    return (uint64_t)mag.count << COUNT_SHIFT | (uintptr_t)mag.head;
}

static struct magazine unpack(uint64_t word)
{
    uintptr_t head = (uintptr_t)(word & ((1ull << COUNT_SHIFT) - 1));
    return word ? (struct magazine){(struct block *)head, (uint32_t)(word >> COUNT_SHIFT)}
                : (struct magazine){BLOCK_END, 0};
}

/* Release: who takes the magazine reads the links that were written before. The credit is a hint, read and
 * written without one step between: two threads may spend the same one, and a slot more is filled than was
 * asked for. */
static bool put_in(struct stripe *s, unsigned size_class, struct magazine mag)
{
    unsigned credit = load_relaxed(&s->credit[size_class]);
    for (unsigned i = 0; credit && i < SLOTS; i++) {
        uint64_t none = 0;
        _Atomic(uint64_t) *slot = &s->slot[size_class][i];
        if (load_relaxed(slot) == 0 &&
            atomic_compare_exchange_strong_explicit(slot, &none, pack(mag), memory_order_release,
                                                    memory_order_relaxed)) {
            store_relaxed(&s->credit[size_class], (uint8_t)(credit - 1));
            return true;
        }
    }
    return false;
}

/* Its own stripe first. The others, because those that miss magazines may all be of another: then the credits
 * stand there. */
bool transfer_put(unsigned stripe, unsigned size_class, struct magazine mag)
{
    for (unsigned n = 0; n < POLICY_STRIPES && mag.count <= UINT16_MAX; n++) {
        struct stripe *s = load_acquire(&stripes[(stripe + n) % POLICY_STRIPES]);
        if (s && put_in(s, size_class, mag))
            return true;
    }
    return false;
}

bool transfer_wanted(unsigned stripe, unsigned size_class)
{
    for (unsigned n = 0; n < POLICY_STRIPES; n++) {
        const struct stripe *s = load_acquire(&stripes[(stripe + n) % POLICY_STRIPES]);
        if (s && load_relaxed(&s->credit[size_class]) && !load_relaxed(&s->slot[size_class][SLOTS - 1]))
            return true;
    }
    return false;
}

static uint64_t take_from(struct stripe *s, unsigned size_class)
{
    for (unsigned i = SLOTS; i-- > 0;) { /* the latest first: it is warm */
        _Atomic(uint64_t) *slot = &s->slot[size_class][i];
        if (load_relaxed(slot) != 0) {
            uint64_t word = atomic_exchange_explicit(slot, 0, memory_order_acquire);
            if (word)
                return word;
        }
    }
    return 0;
}

/* Whatever lies in another stripe is better than the lock of the class. Slots are few, and those of a class
 * that nobody sends are all 0 in lines that stay shared. */
static uint64_t take_from_any(unsigned stripe, unsigned size_class)
{
    for (unsigned n = 0; n < POLICY_STRIPES; n++) {
        struct stripe *s = load_acquire(&stripes[(stripe + n) % POLICY_STRIPES]);
        uint64_t word = s ? take_from(s, size_class) : 0;
        if (word)
            return word;
    }
    return 0;
}

/* Credits are given whether there was a magazine or not: it is the miss that tells of demand. */
struct magazine transfer_take(unsigned stripe, unsigned size_class)
{
    uint64_t word = take_from_any(stripe, size_class);
    struct stripe *s = load_acquire(&stripes[stripe]);
    unsigned credit = load_relaxed(&s->credit[size_class]);
    if (credit < SLOTS)
        store_relaxed(&s->credit[size_class], (uint8_t)min_size(SLOTS, credit + CREDITS));
    return unpack(word);
}

struct magazine transfer_remove(unsigned size_class)
{
    return unpack(take_from_any(0, size_class));
}

unsigned transfer_stripe_for(unsigned n)
{
    unsigned i = n / POLICY_THREADS_PER_STRIPE % POLICY_STRIPES;
    if (load_acquire(&stripes[i]) == NULL) {
        struct stripe *fresh = meta_alloc(sizeof *fresh), *none = NULL;
        if (!fresh)
            return 0;
        /* Lost the race: the memory stays unused, once for each stripe at the most. */
        (void)atomic_compare_exchange_strong_explicit(&stripes[i], &none, fresh, memory_order_release,
                                                      memory_order_relaxed);
    }
    return i;
}

size_t transfer_blocks(unsigned size_class)
{
    size_t blocks = 0;
    for (unsigned n = 0; n < POLICY_STRIPES; n++) {
        const struct stripe *s = load_acquire(&stripes[n]);
        blocks += s ? stripe_blocks(s, size_class) : 0;
    }
    return blocks;
}

const struct stripe *transfer_stripe(unsigned n)
{
    return load_acquire(&stripes[n]);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_transfer[] = {
    LAYOUT_ADDRESS(stripes),
    LAYOUT_END,
};
