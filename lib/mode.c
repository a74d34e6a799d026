/* SPDX-License-Identifier: MIT */
/* mode.c - who serves the process (floor F7). */
#include "mode.h"

_Atomic(enum heap_mode) heap_mode = HEAP_EARLY;
_Atomic(bool) heap_mixed;
