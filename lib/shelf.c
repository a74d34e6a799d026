/* SPDX-License-Identifier: MIT */
/* shelf.c - the slow side of the shelf of a thread (floor F6). */
#include "shelf.h"

#include "policy.h"

enum { SHELF_GRANULES = 16 }; /* at most: 1 MiB a thread */

/* Take P, of RUN granules, off the books and give it to its superslab. */
static void give(struct tcache *tc, void *p, size_t run)
{
    tc->shelf.granules -= (unsigned)run;
    superslab_give_run(superslab_slab_of(p));
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

void shelf_put_slow(struct tcache *tc, void *p, unsigned run)
{
    struct shelf *shelf = &tc->shelf;
    if (shelf->last_run) {
        void **place = &shelf->span[shelf->last_run - 1];
        if (*place)
            give(tc, *place, shelf->last_run);
        *place = shelf->last;
        shelf->last_run = 0;
    }
    for (unsigned i = 0; shelf->granules && shelf->granules + run > shelf->allowed; i++) {
        if (shelf->span[i])
            give(tc, shelf->span[i], i + 1);
        shelf->span[i] = NULL;
    }
    if (run <= shelf->allowed) {
        shelf_put(tc, p, run);
        return;
    }
    shelf->given |= 1u << (run - 1);
    superslab_give_run(superslab_slab_of(p));
}

void shelf_flush(struct tcache *tc)
{
    struct shelf *shelf = &tc->shelf;
    if (shelf->last_run)
        give(tc, shelf->last, shelf->last_run);
    shelf->last_run = 0;
    for (unsigned i = 0; shelf->granules; i++) {
        void *p = shelf->span[i];
        shelf->span[i] = NULL;
        if (p)
            give(tc, p, i + 1);
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
