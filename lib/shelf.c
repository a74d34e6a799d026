/* SPDX-License-Identifier: MIT */
/* shelf.c - the slow side of the shelf of a thread (floor F6). */
#include "shelf.h"

#include "policy.h"

enum { SHELF_GRANULES = 16 }; /* at most: 1 MiB a thread */

/* Take the span of RUN granules at FIRST off the books and give it to its superslab. */
static void give(struct tcache *tc, struct slab *first, size_t run)
{
    tc->shelf.granules -= (unsigned)run;
    superslab_give_run(first);
}

void shelf_missed(struct tcache *tc, size_t size)
{
    struct shelf *shelf = &tc->shelf;
    unsigned run = span_granules(size);
    uint32_t bit = 1u << (run - 1);
    if (shelf->given & bit) {
        shelf->given &= ~bit;
        shelf->allowed = (unsigned)min_size(shelf->allowed + run, SHELF_GRANULES);
    }
}

void shelf_put_slow(struct tcache *tc, struct slab *first, unsigned run)
{
    struct shelf *shelf = &tc->shelf;
    if (shelf->last_run) {
        struct slab **place = &shelf->slab[shelf->last_run - 1];
        if (*place)
            give(tc, *place, shelf->last_run);
        *place = shelf->latest;
        shelf->last_run = 0;
    }
    for (unsigned i = 0; shelf->granules && shelf->granules + run > shelf->allowed; i++) {
        if (shelf->slab[i])
            give(tc, shelf->slab[i], i + 1);
        shelf->slab[i] = NULL;
    }
    if (run <= shelf->allowed) {
        shelf_put(tc, first, run);
        return;
    }
    shelf->given |= 1u << (run - 1);
    superslab_give_run(first);
}

void shelf_flush(struct tcache *tc)
{
    struct shelf *shelf = &tc->shelf;
    if (shelf->last_run)
        give(tc, shelf->latest, shelf->last_run);
    shelf->last_run = 0;
    for (unsigned i = 0; shelf->granules; i++) {
        struct slab *first = shelf->slab[i];
        shelf->slab[i] = NULL;
        if (first)
            give(tc, first, i + 1);
    }
}

void shelf_decay(struct tcache *tc, uint64_t now_ms)
{
    struct shelf *shelf = &tc->shelf;
    if (shelf->seen_taken != shelf->taken) {
        shelf->seen_taken = shelf->taken;
        shelf->seen_ms = now_ms;
    } else if (now_ms - shelf->seen_ms >= policy(purge_delay_ms)) {
        shelf_flush(tc);
        shelf->allowed = shelf->given = 0;
    }
}
