/* SPDX-License-Identifier: MIT */
/* adapt/helper.h - HAKMEM_ACE_THREAD: a thread that gives memory back while the program does nothing. */
#ifndef HAK_HELPER_H
#define HAK_HELPER_H

#include "base/atomic.h"

/* The program is active, and there is something to give back: wake the helper; if there is none, start one
 * that calls WORK, where it may be had (permit.h). THREADS have a cache. No lock may be held, as starting a
 * thread allocates. */
void helper_wake(void (*work)(void), size_t threads, uint64_t now_ms);

/* If helper_wanted says so, in a thread of the program that allocates, and holds no lock. */
HIDDEN extern _Atomic(bool) helper_wanted;
void helper_begin(void);

/* The helper itself. True if helper_wake was called since this was asked last. */
bool helper_seen(void);
/* Sleep until it is called, or for MS milliseconds at most. False: it shall end. */
bool helper_sleep(uint32_t ms);
/* Nothing is left to do. False: it shall end. */
bool helper_rest(void);
/* The program has one thread at most, by what the kernel says: true, and it shall end. */
bool helper_left_alone(void);

/* The program's threads are down to one: end a helper that the C library knows, and wait until it has ended.
 * Such a helper must not be what keeps the process from ending with its last thread, or from doing what only
 * a process of one thread may. No lock held, outside the gate. */
void helper_dismiss(void);

/* In the child of a fork, which has one thread. */
void helper_forget(void);

#endif
