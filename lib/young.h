/* SPDX-License-Identifier: MIT */
/* young.h - the first blocks of a process, packed side by side (floor F5).
 *
 * A slab for each class costs a page for each class, and a page costs a fault: a program as small as
 * ls spends more on those than on all its calls of malloc. So the first tiny blocks of a process
 * come one behind the other out of a single granule, each used once: what is freed there is not
 * handed out again, and the granule is EMPTY when the last block comes back. */
#ifndef HAK_YOUNG_H
#define HAK_YOUNG_H

#include "lock.h"
#include "report.h"
#include "sizeclass.h"

enum { YOUNG_MAX = 4096 }; /* larger blocks have pages of their own anyway */

/* A block of SIZE bytes, 1..YOUNG_MAX, or NULL: the granule is used up, or there is none. It is zero. */
void *young_alloc(size_t size, const char *function);

/* True while young_alloc may have something; any thread, a hint. */
bool young_open(void);

/* Give back P, whose class byte is CLASS_YOUNG. Aborts on what is no block in use. */
void young_free(void *p, const char *function);

/* Usable size of block P, or 0 if P is none. */
size_t young_size(const void *p);

/* True if P was a block and is free. */
bool young_was_block(const void *p);

/* At the end of the process: abort if a freed block was written to. */
void young_verify(const char *function);

/* Blocks in use, and their bytes. */
size_t young_live(size_t *bytes);

/* Copy up to MOST live blocks from unit *NEXT on to OUT, and move *NEXT behind them; their number. */
struct young_block {
    void *p;
    size_t size;
};
unsigned young_walk(unsigned *next, struct young_block *out, unsigned most);

void young_each_lock(lock_visitor *visit);

#endif
