/* SPDX-License-Identifier: MIT */
/* events/counters.h - process-wide event counters, from counters.def. */
#ifndef HAK_COUNTERS_H
#define HAK_COUNTERS_H

#include "base/atomic.h"

enum counter {
#define HAK_COUNTER(id, what) COUNT_##id,
#include "events/counters.def"
#undef HAK_COUNTER
    COUNTERS
};

extern _Atomic(uint64_t) counters[COUNTERS]; /* atomic, relaxed: nothing is ordered by them */

static inline void count(enum counter c, uint64_t n)
{
    if (single_threaded())
        store_relaxed(&counters[c], load_relaxed(&counters[c]) + n);
    else
        add_relaxed(&counters[c], n);
}

static inline uint64_t counted(enum counter c)
{
    return load_relaxed(&counters[c]);
}

#endif
