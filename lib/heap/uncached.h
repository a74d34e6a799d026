/* SPDX-License-Identifier: MIT */
/* heap/uncached.h - allocation without a thread cache, and the one pointer validator. */
#ifndef HAK_UNCACHED_H
#define HAK_UNCACHED_H

#include "events/fault.h"
#include "cache/thread.h"

/* The class for SIZE bytes at a multiple of ALIGN; 0 if no class serves it. */
unsigned uncached_class(size_t size, size_t align);

/* SIZE bytes from the pool, as a span or as a large mapping. NULL if the system refuses. */
void *uncached_alloc(size_t size, size_t align, bool zero);

/* Give back P, whose class byte was C. Aborts on what is no live block. */
void uncached_free(void *p, unsigned c, const char *function);

/* Usable size of P, whose class byte is C: true, and in *SIZE. False if P is no block. */
bool uncached_find_size(const void *p, unsigned c, size_t *size);
/* The same. Aborts on what is no block. */
size_t uncached_size(const void *p, unsigned c, const char *function);

/* P, of class C, looks free: abort if it is, in the caller's cache, in a slab or in a transfer slot. (In
 * another thread's cache it is not found.) */
void uncached_refuse_free(const void *p, unsigned c, const char *function);

/* Report P, whose class byte is 0 or wrong: a double free where it was a block once. */
COLD NORETURN void uncached_report(const void *p, const char *function);

/* Bytes that the system could get back by release_caches and by trimming everything, at most. */
size_t uncached_flushable(void);

#endif
