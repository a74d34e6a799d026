/* SPDX-License-Identifier: MIT */
/* memory/kept.h - large mappings that are free and kept. Called unlocked, but where it says otherwise. */
#ifndef HAK_KEPT_H
#define HAK_KEPT_H

#include "memory/mapping.h"

/* A kept mapping of SIZE bytes or more for a block, out of the list: one that is there, or several that are
 * neighbours, without the units that the block does not need. NULL if there is none. */
struct large *kept_take(size_t size, size_t align);

/* The longest row of kept mappings, where it is a unit at least and less than SIZE: a beginning. */
struct large *kept_begin(size_t size, size_t align);

/* Lengthen L, in no list, by kept mappings that follow it, up to SIZE and the end of a unit. */
void kept_absorb(struct large *l, size_t size);

/* Shorten L, in no list, to SIZE: the rest is kept if that is allowed, or unmapped. */
void kept_shorten(struct large *l, size_t size);

/* SIZE bytes of new pages are needed: had we kept some? */
void kept_needed(size_t size);

/* Fill the new pages [from, to) of L, in no list, with such of kept mappings, unit by unit. False if the
 * system took memory from L in the middle: it is shorter then. */
bool kept_recycle(struct large *l, size_t from, size_t to);

/* Keep L, which is in no list, as freed at its freed_ms. Lock held. What has to go: up to CACHED_MOST
 * mappings in OUT, their number, to be dropped after the unlock. */
unsigned kept_put(struct large *l, struct large **out);

/* The same, unlocked, with all that follows. */
void kept_return(struct large *l);

/* Drop what was kept last, until KEEP bytes are left. The bytes. */
size_t kept_trim(size_t keep);

/* Drop what was kept for longer than the policy's delay. */
void kept_decay(uint64_t now_ms);

/* Lock held. */
void kept_check(void (*fault)(const char *what, const void *where));

#endif
