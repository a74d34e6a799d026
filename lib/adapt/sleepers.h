/* SPDX-License-Identifier: MIT */
/* adapt/sleepers.h - blocks in the caches of threads that sleep go back. */
#ifndef HAK_SLEEPERS_H
#define HAK_SLEEPERS_H

#include "cache/thread.h"

/* Empty caches that were not used for the policy's idle_ms and whose threads sleep. The helper alone, outside
 * the gate, with no lock. The descriptors that it opens for a moment must not be the program's: its table is
 * its own. *AT, at first NULL, is where it goes on. True if more may wait already. */
bool sleepers_take(uint64_t now_ms, struct list **at);

#endif
