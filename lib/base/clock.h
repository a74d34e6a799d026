/* SPDX-License-Identifier: MIT */
/* base/clock.h - what time it is, without a system call where the system has a vDSO. */
#ifndef HAK_CLOCK_H
#define HAK_CLOCK_H

#include "base/compiler.h"

/* Milliseconds of a clock that never goes back, good to a tick (vDSO). No clock is read while a lock is held:
 * where one spans a whole call (lock_no_clock), this is what was read before it. */
uint64_t clock_now_ms(void);
/* What clock_now_ms last returned to anybody: for stamps that need not be exact. */
uint64_t clock_recent_ms(void);
/* Nanoseconds of the time of day, good to a tick (vDSO). Not with a lock held. */
uint64_t clock_wall_ns(void);

#endif
