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

/* The helper, by its os_thread (os.h), while there is one; else 0. Relaxed: it is compared by the thread that
 * stored it, and by others with their own. */
HIDDEN extern _Atomic(uintptr_t) counters_helper;

/* N bytes went back to the system; if the calling thread is the helper, they are counted as its, too. */
void count_purged(uint64_t n);

static inline uint64_t counted(enum counter c)
{
    return load_relaxed(&counters[c]);
}

#endif
