/* SPDX-License-Identifier: MIT */
/* insight/statistics.h - the rows of statistics.def. */
#ifndef HAK_STATISTICS_H
#define HAK_STATISTICS_H

#include "hakmem.h"
#include "insight/census.h"

/* Characters, not pointers: a table that needs no relocation when a process starts. */
struct statistic {
    char name[24];
    bool counter, bytes, resident;
    char words[93];
};
enum {
#define HAK_STATISTIC(name, kind, unit, look, value, words) STATISTIC_##name,
#include "insight/statistics.def"
#undef HAK_STATISTIC
    STATISTICS
};
extern const struct statistic statistics[STATISTICS];

static inline uint64_t statistic(const struct hak_stats *s, unsigned i)
{
    return (&s->version)[1 + i];
}

/* True if the first SIZE bytes of struct hak_stats hold one that is RESIDENT. */
bool statistics_resident(size_t size);

/* Fill S of C, which has ended; what is resident of A: NULL, nobody looked, and it is 0. */
void statistics_fill(struct hak_stats *s, const struct census *c, const struct account *a);

#endif
