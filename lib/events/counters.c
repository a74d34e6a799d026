/* SPDX-License-Identifier: MIT */
/* events/counters.c - storage of the event counters. */
#include "events/counters.h"

#include "base/layout.h"
#include "base/os.h"

_Atomic(uint64_t) counters[COUNTERS];
_Atomic(uintptr_t) counters_helper;

void count_purged(uint64_t n)
{
    count(COUNT_PURGED_BYTES, n);
    if (UNLIKELY(load_relaxed(&counters_helper) == os_thread()))
        count(COUNT_HELPER_BYTES, n);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_counters[] = {
    LAYOUT_ADDRESS(counters),
    LAYOUT_END,
};
