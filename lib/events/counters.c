/* SPDX-License-Identifier: MIT */
/* events/counters.c - storage of the event counters. */
#include "events/counters.h"

#include "base/layout.h"

_Atomic(uint64_t) counters[COUNTERS];

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_counters[] = {
    LAYOUT_ADDRESS(counters),
    LAYOUT_END,
};
