/* SPDX-License-Identifier: MIT */
/* adapt/helper.h - HAKMEM_ACE_THREAD: a thread that gives memory back while the process is idle. */
#ifndef HAK_HELPER_H
#define HAK_HELPER_H

#include "base/compiler.h"

/* The process is active: start the helper, which calls WORK, if there is none; wake it if it sleeps. No lock
 * may be held, as starting a thread allocates. */
void helper_wake(void *(*work)(void *));

/* The helper itself: true if helper_wake was called since this was asked last. */
bool helper_seen(void);
/* Sleep until it is called, or for MS milliseconds at most; 0: without a limit. */
void helper_sleep(uint32_t ms);

/* In the child of a fork, which has one thread. */
void helper_forget(void);

#endif
