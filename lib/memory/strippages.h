/* SPDX-License-Identifier: MIT */
/* memory/strippages.h - free pages of strips back to the system. */
#ifndef HAK_STRIPPAGES_H
#define HAK_STRIPPAGES_H

#include "memory/strips.h"

/* Give free pages of strips back to the system: all but KEEP bytes; or those that have been free for longer
 * than the policy's delay. The bytes. */
size_t strip_trim(size_t keep);
void strip_decay(uint64_t now_ms);

/* Runs of free pages of one strip, which is in no list, to be given back after the unlock. */
enum { PURGE_AT_ONCE = 4 /* system calls */ };
struct strip_work {
    struct strip *strip;
    uint64_t freed_ms; /* when it was freed into last, as it was taken out */
    unsigned n;
    struct {
        unsigned from, units;
    } run[PURGE_AT_ONCE];
};

/* After a free: work, where free pages exceed the budget. */
bool strip_collect_excess(struct strip_work *work, uint64_t now_ms);

/* Do the system calls and book the result. Called and returns unlocked. The bytes given back. */
size_t strip_purge(const struct strip_work *work, uint64_t now_ms);

#endif
