/* SPDX-License-Identifier: MIT */
/* heap/aside.h - memory while a fork has the gate closed. */
#ifndef HAK_ASIDE_H
#define HAK_ASIDE_H

#include "base/gate.h"
#include "base/sizeclass.h"

/* fork.c, before the gate is closed, the START lock held: find the C library's functions, and set its
 * allocator up. */
void aside_prepare(void);

/* Enter the gate; false if it is closed and the C library can serve meanwhile. */
bool aside_enter(void);

/* SIZE bytes of the C library's. NULL if it has none; errno is set then. */
void *aside_alloc(size_t size, size_t align, bool zero);

/* True if P, which is not ours, may be a block of the C library's: in passive mode and mode 1, and where it
 * was given out during a fork. */
bool aside_is_libcs(const void *p);
/* Free it; false if it is none. */
bool aside_free_libcs(void *p);
void *aside_realloc_libcs(void *p, size_t size);

/* True if P was given out during a fork, and is still with the program. */
bool aside_owns(const void *p);

/* A block to be freed. The block itself is not touched: it may be guarded, or a fault. */
struct aside_note {
    struct aside_note *next;
    void *p;
    const char *function;
};

/* Free P later, when the gate is open. False: that cannot be noted. */
bool aside_free(void *p, const char *function);

/* The gate is open: take all that was noted. The next one of a list that was taken; NOTE is gone. */
struct aside_note *aside_take(void);
struct aside_note *aside_drop(struct aside_note *note);

/* In the child of fork what was noted is other threads' business, and forgotten. */
void aside_forked(void);

#endif
