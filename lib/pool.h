/* SPDX-License-Identifier: MIT */
/* pool.h - the shared pool: partial slabs of every class, any thread refills from them (floor F4). */
#ifndef HAK_POOL_H
#define HAK_POOL_H

#include "report.h"
#include "slab.h"

/* Up to WANT blocks, at least one unless the system refuses memory (count 0). Where UNTOUCHED is
 * not NULL it tells whether they are zero behind the block header. */
struct magazine pool_refill(unsigned size_class, unsigned want, bool *untouched);

/* Return every block of MAG to its slab. A slab whose last block comes back is EMPTY, and at once
 * reusable by every class. Aborts with FUNCTION's name on a block that is none. */
void pool_drain(unsigned size_class, struct magazine mag, const char *function);

/* What block P of an ACTIVE slab is: takes the lock of the class. */
enum slab_verdict pool_inspect(unsigned size_class, const void *p);

/* Purge the free pages inside partial slabs; the bytes. */
size_t pool_trim(void);

/* Blocks of the class that are out: with the program, in thread caches or transfer slots. */
size_t pool_blocks_out(unsigned size_class);

/* Check all slabs of all classes. */
void pool_check(void (*fault)(const char *what, const void *where));

void pool_lock(unsigned size_class);
void pool_unlock(unsigned size_class);

#endif
