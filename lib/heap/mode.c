/* SPDX-License-Identifier: MIT */
/* heap/mode.c - who serves the process. */
#include "heap/mode.h"

_Atomic(enum heap_mode) heap_mode = HEAP_EARLY;
_Atomic(bool) heap_mixed;
