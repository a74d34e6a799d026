/* SPDX-License-Identifier: MIT */
/* cache/startup.h - the first blocks of a process, packed side by side.
 *
 * A slab for each class costs a page for each class, and a page costs a fault: a program as small as
 * ls spends more on those than on all its calls of malloc. So the first tiny blocks of a process
 * come one behind the other out of a single granule, each used once: what is freed there is not
 * handed out again, and the granule is EMPTY when the last block comes back. */
#ifndef HAK_STARTUP_H
#define HAK_STARTUP_H

#include "base/sizeclass.h"
#include "events/fault.h"

enum { STARTUP_MAX = 4096 }; /* larger blocks have pages of their own anyway */

/* A block of SIZE bytes, 1..STARTUP_MAX, or NULL: the granule is used up, or there is none. It is zero. */
void *startup_alloc(size_t size, const char *function);

/* True while startup_alloc may have something; any thread, a hint. */
bool startup_open(void);

/* No more of them. */
void startup_close(void);

/* Give back P, whose class byte is CLASS_STARTUP. Aborts on what is no block in use. */
void startup_free(void *p, const char *function);

/* Usable size of block P, or 0 if P is none. */
size_t startup_size(const void *p);

/* True if P was a block and is free. */
bool startup_was_block(const void *p);

/* At the end of the process: abort if a freed block was written to. */
void startup_verify(const char *function);

/* Blocks in use, their bytes, and those of all that were ever handed out. */
struct startup_totals {
    size_t live, bytes, carved;
};
struct startup_totals startup_totals(void);

/* Copy up to MOST live blocks from unit *NEXT on to OUT, and move *NEXT behind them; their number. */
struct startup_block {
    void *p;
    size_t size;
};
unsigned startup_walk(unsigned *next, struct startup_block *out, unsigned most);

#endif
