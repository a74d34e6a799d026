/* SPDX-License-Identifier: MIT */
/* A span is put where granules have pages, if there are such, rather than where each of its pages would fault. */
/* { dg-link core } */
/* { dg-variant "" } */
#include "check.h"

#include "heap/heap.h"
#include "memory/granules.h"
#include "memory/purge.h"

enum { SPANS = 24, WHOLE = GRANULES / 4 };

/* The spans of a superslab that has nothing else, in order. */
static struct slab *span[WHOLE];

static void fill_one(void)
{
    uint32_t dirty;
    for (int i = 0; i < SPANS; i++) {
        struct slab *s = granules_take_run(4, 4 * GRANULE, true, &dirty);
        struct superslab *ss = s ? (struct superslab *)classmap_region(s->base) : NULL;
        CHECK(ss);
        if (ss->free_mask || ss->opened < GRANULES)
            continue;
        for (int k = 0; k < WHOLE; k++) {
            span[k] = &ss->slab[4 * k];
            CHECK(span[k]->state == SLAB_SPAN && span[k]->run == 4);
        }
        return;
    }
    CHECK(!"a superslab is full");
}

int main(void)
{
    uint32_t dirty;
    hak_start();
    fill_one();
    /* Eight granules that have lost their pages, and behind them eight that have not. */
    granules_give_run(span[1]);
    granules_give_run(span[2]);
    purge_trim(0);
    granules_give_run(span[4]);
    granules_give_run(span[5]);

    struct slab *eight = granules_take_run(8, 8 * GRANULE, true, &dirty);
    CHECK(eight == span[4] && dirty == 0xff);
    granules_give_run(eight);
    struct slab *three = granules_take_run(3, 3 * GRANULE, true, &dirty);
    CHECK(three >= span[4] && three < span[6] && dirty == 7);
    return 0;
}
