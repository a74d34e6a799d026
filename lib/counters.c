/* SPDX-License-Identifier: MIT */
/* counters.c - storage of the event counters (floor F2). */
#include "counters.h"

_Atomic(uint64_t) counters[COUNTERS];
