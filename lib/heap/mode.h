/* SPDX-License-Identifier: MIT */
/* heap/mode.h - who serves the process. */
#ifndef HAK_MODE_H
#define HAK_MODE_H

#include "base/atomic.h"

enum heap_mode {
    HEAP_EARLY,   /* before the options could be read: uncached */
    HEAP_POOL,    /* HAKMEM_TINY_SS_SHARED=2 or 1 */
    HEAP_PASSIVE, /* 0: libc */
    HEAP_CHECKED, /* HAKMEM_TINY_SLL_VALIDATE_HDR=1 */
};
/* Written by init.c once; atomic, because a thread that saw the old value only takes longer. */
extern _Atomic(enum heap_mode) heap_mode;

/* HAKMEM_TINY_SS_SHARED=1: libc where the pool fails, and for pointers that are not ours. */
extern _Atomic(bool) heap_mixed;

#endif
