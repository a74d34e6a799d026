/* SPDX-License-Identifier: MIT */
/* insight/statistics.c - the rows of statistics.def. */
#include "insight/statistics.h"

enum { GAUGE = false, COUNTER = true, NUMBER = false, BYTES = true, COUNTED = false, RESIDENT = true };

const struct statistic statistics[STATISTICS] = {
#define HAK_STATISTIC(name, kind, unit, look, value, words) {#name, kind, unit, look, words},
#include "insight/statistics.def"
#undef HAK_STATISTIC
};

static_assert(sizeof(struct hak_stats) == (2 + STATISTICS) * sizeof(uint64_t), "every field has its row");
#define HAK_STATISTIC(name, kind, unit, look, value, words)                                                  \
    static_assert(offsetof(struct hak_stats, name) == (2 + STATISTIC_##name) * sizeof(uint64_t), "in "       \
                                                                                                 "order");
#include "insight/statistics.def"
#undef HAK_STATISTIC

/* Sums of what changes meanwhile: not below 0. */
static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t statistics_live(const struct census *c)
{
    return c->all.live + c->startup.live + (c->granules.spans - c->shelved) + c->strip.blocks +
           c->large.live_count + c->guard.blocks;
}

bool statistics_resident(size_t size)
{
    for (unsigned i = 0; i < STATISTICS; i++)
        if (statistics[i].resident && size > (2 + i) * sizeof(uint64_t))
            return true;
    return false;
}

void statistics_fill(struct hak_stats *s, const struct census *c, const struct account *a)
{
    static const struct account none;
    a = a ? a : &none;
    *s = (struct hak_stats){.size = sizeof *s, .version = HAK_STATS_VERSION};
#define HAK_STATISTIC(name, kind, unit, look, value, words) s->name = (value);
#include "insight/statistics.def"
#undef HAK_STATISTIC
}
