/* SPDX-License-Identifier: MIT */
/* insight/walk.h - every live block. */
#ifndef HAK_WALK_H
#define HAK_WALK_H

#include "base/compiler.h"

/* Call EACH for every block that the program holds, no lock held, until it returns anything but 0: that is
 * returned. What other threads, or EACH itself, allocate and free meanwhile is met or not. */
int walk_blocks(int (*each)(void *block, size_t size, void *arg), void *arg);

#endif
