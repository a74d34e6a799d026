/* SPDX-License-Identifier: MIT */
/* shelf.c - the slow side of the shelf of a thread (floor F6). */
#include "shelf.h"

#include "policy.h"

/* Take P, of RUN granules, off the books and give it to its superslab. */
static void give(struct tcache *tc, void *p, size_t run)
{
    tc->shelf.granules -= (unsigned)run;
    span_give(superslab_slab_of(p));
}

void shelf_put_slow(struct tcache *tc, void *p, unsigned run)
{
    struct shelf *shelf = &tc->shelf;
    size_t last_run = shelf->last_run;
    if (last_run) {
        void **place = &shelf->span[last_run - 1];
        shelf->last_run = 0;
        if (*place || shelf->granules + run > SHELF_GRANULES)
            give(tc, shelf->last, last_run);
        else
            *place = shelf->last;
    }
    if (shelf->granules + run > SHELF_GRANULES)
        shelf_flush(tc);
    shelf_put(tc, p, run);
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
    } else if (shelf->granules && now_ms - shelf->seen_ms >= policy.purge_delay_ms) {
        shelf_flush(tc);
    }
}
