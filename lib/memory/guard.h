/* SPDX-License-Identifier: MIT */
/* memory/guard.h - guarded blocks: each on a page of its own, between pages that nobody can access.
 *
 * A few of the sampled allocations are served here (heap/sampled.c chooses them). The block lies at the end
 * of its page or at the beginning, so that the first byte too many ends the process there; the rest of the
 * page is filled and verified. Freed, its page cannot be accessed, and loses its memory; that slot is used
 * again after all others that are free, and a fifth of the slots is always so. Stacks and threads of the
 * allocation and of the free stay with it, for a core dump and for guardreport.h. All granules of the area
 * bear CLASS_GUARD, which has no bin: free finds it as it finds strips.
 *
 * At most 103 pages and 75 KiB of records have memory; the area takes a megabyte of addresses.
 *
 * The GUARD lock guards what guards.h says. Pages are made accessible and given back without it. */
#ifndef HAK_GUARD_H
#define HAK_GUARD_H

#include "events/samples.h"
#include "memory/guards.h"

/* SIZE bytes, 1 at least, at a multiple of ALIGN, at the end of a page or at its beginning, for BY. NULL:
 * that is larger than a page, or there is no slot, or the system refuses. No lock held, inside the gate. */
void *guard_alloc(size_t size, size_t align, bool at_end, struct sample_thread by);

/* Free P, whose class byte is CLASS_GUARD; false if it is no block in use. Ends the process if the rest of
 * its page was written to. */
bool guard_free(void *p, struct sample_thread by, const char *function);

/* The size of P, whose class byte is CLASS_GUARD, as it was asked for; 0 if it is no block in use. */
size_t guard_size(const void *p);

/* True if P began a block, is free, and its slot was not used since. */
bool guard_was_block(const void *p);

struct guard_totals {
    size_t mapped, bytes, blocks; /* bytes and blocks in use */
};
void guard_totals(struct guard_totals *out);

/* The block of slot *NEXT or behind, and *NEXT moved behind it; false: there is none. */
bool guard_walk(unsigned *next, void **p, size_t *size);

void guard_check(void (*fault)(const char *what, const void *where));

#endif
