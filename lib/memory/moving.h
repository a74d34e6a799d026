/* SPDX-License-Identifier: MIT */
/* memory/moving.h - a large block in use moves to a place with room. Called unlocked. */
#ifndef HAK_MOVING_H
#define HAK_MOVING_H

#include "memory/mapping.h"

/* Move L, a block in use and in no list, to a place of SIZE bytes, whatever areas it has; what follows it
 * there, up to ASKED bytes, gets kept pages. False if the system refuses: L is as it was. */
bool mapping_move(struct large *l, size_t size, size_t asked);

#endif
