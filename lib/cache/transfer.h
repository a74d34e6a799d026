/* SPDX-License-Identifier: MIT */
/* cache/transfer.h - full magazines on their way between threads.
 *
 * A slot is one word: 0, or a magazine (address of its first block in the lower 48 bits, number of
 * blocks above). Whoever swaps a magazine out owns its blocks alone.
 *   put:  CAS from 0, release     take:  exchange with 0, acquire
 * No ABA: a CAS that expects 0 does not care what was there before, and an exchange compares
 * nothing. No reclamation: the blocks of a slot are read only by the thread that took them, and
 * stripes are never unmapped. */
#ifndef HAK_TRANSFER_H
#define HAK_TRANSFER_H

#include "memory/classmap.h"
#include "memory/slab.h"

enum { SLOTS = 16, COUNT_SHIFT = ADDRESS_BITS };

struct stripe {
    _Atomic(uint64_t) slot[CLASSES][SLOTS]; /* atomic; any thread */
    /* How many magazines may be put. Atomic, relaxed; a hint: updates may be lost. */
    _Atomic(uint8_t) credit[CLASSES];
};

/* A put needs demand: each take leaves a few credits, each put spends one.
 * Without them the slots of a program that only frees would hold on to slabs. */

/* True if a slot took MAG, of the caller's stripe or of one where magazines are missed; its blocks are then
 * no longer the caller's. */
bool transfer_put(unsigned stripe, unsigned size_class, struct magazine mag);

/* A hint: a put would succeed. */
bool transfer_wanted(unsigned stripe, unsigned size_class);

/* A magazine of the class: from the caller's stripe, else from any other. Count 0 if there is none. */
struct magazine transfer_take(unsigned stripe, unsigned size_class);

/* The same, to empty the slots: without credits. */
struct magazine transfer_remove(unsigned size_class);

/* The stripe for the thread cache number N, making it if the policy says so. */
unsigned transfer_stripe_for(unsigned n);

/* Blocks lying in slots. A moment's picture. */
static inline size_t stripe_blocks(const struct stripe *s, unsigned size_class)
{
    size_t blocks = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        blocks += load_relaxed(&s->slot[size_class][i]) >> COUNT_SHIFT;
    return blocks;
}
size_t transfer_blocks(unsigned size_class);

/* Stripe N, below POLICY_STRIPES, or NULL: not there yet. */
const struct stripe *transfer_stripe(unsigned n);

#endif
