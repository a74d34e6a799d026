/* SPDX-License-Identifier: MIT */
/* counters.c - storage of the event counters (floor F2). */
#include "counters.h"

#include "layout.h"

_Atomic(uint64_t) counters[COUNTERS];

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_counters[] = {
#define HAK_COUNTER(id, what) LAYOUT_CONSTANT(COUNT_##id),
#include "counters.def"
#undef HAK_COUNTER
    LAYOUT_CONSTANT(COUNTERS),
    LAYOUT_END,
};
const struct layout_row layout_at_counters[] = {
    LAYOUT_ADDRESS(counters),
    LAYOUT_END,
};
