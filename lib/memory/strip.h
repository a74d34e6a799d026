/* SPDX-License-Identifier: MIT */
/* memory/strip.h - requests of 32 KiB to 1 MiB where whole granules waste address space.
 *
 * A strip is a mapping of its own, of 2 MiB at most, cut into units of 2 KiB; a block is a run of units of
 * any length. It lies in one region, whose descriptor it has; each of its granules bears CLASS_STRIP, which
 * has no bin, so that free finds the strip. Malloc comes here where a span would need new address space
 * (span.c). Strips that have room are used first; a new one is made while spans waste much
 * (granules_wasteful) and there are fewer than STRIPS_MOST. An empty one is kept or unmapped as large
 * mappings are (kept.c).
 *
 * The STRIPS lock guards all of it. No system call is made under it: mappings are made before a strip is
 * entered, and dropped when it has left; pages of free units are given back while the strip is in no bin, so
 * that nobody takes units from it, and those that come back meanwhile only become free. */
#ifndef HAK_STRIP_H
#define HAK_STRIP_H

#include "memory/strips.h"

/* SIZE bytes, MID_MAX < SIZE <= SPAN_MAX, or less for a sample (heap/sampled.c), at a multiple of ALIGN,
 * STRIP_ALIGN at most, from a strip that has room; or from a new one. NULL if there is none, or the system
 * refuses. */
void *strip_alloc(size_t size, size_t align, bool zero);
void *strip_alloc_new(size_t size, size_t align, bool zero);

/* Give P, whose class byte is CLASS_STRIP, back; false if it is no block in use. */
bool strip_free(void *p);

/* Usable size of P, whose class byte is CLASS_STRIP: what was asked for, in whole units; 0 if it is no block
 * in use. */
size_t strip_size(const void *p);

/* True if the block P holds SIZE bytes now, where it is. Never shrinks. */
bool strip_extend(void *p, size_t size);

/* True if P began a block, is free, and its unit was not used since. */
bool strip_was_block(const void *p);

struct strip_totals {
    size_t mapped; /* bytes of strips */
    size_t used;   /* bytes of blocks */
    size_t idle;   /* bytes of free pages that were used and may have memory */
    size_t blocks, strips;
};
void strip_totals(struct strip_totals *out);

/* Copy up to MOST blocks of the strip that REGION tells of, from unit *NEXT on, and move *NEXT behind them:
 * their number, 0 if it is no longer the one at BASE. */
struct strip_block {
    void *p;
    size_t size;
};
unsigned strip_walk(const struct region *region, const void *base, unsigned *next, struct strip_block *out,
                    unsigned most);

/* The units in use of the strip that REGION tells of, bit by bit, and its bytes: 0 if it is not at BASE. */
size_t strip_used(const struct region *region, const void *base, uint64_t used[STRIP_UNITS / 64]);

void strip_check(void (*fault)(const char *what, const void *where));

#endif
