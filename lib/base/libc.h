/* SPDX-License-Identifier: MIT */
/* base/libc.h - the C library's own allocator, for passive mode and mode 1.
 * This library exports all of its names, so the loader would find ours: they are read from the C library's
 * own table (object.h), and only where they are needed. */
#ifndef HAK_LIBC_H
#define HAK_LIBC_H

#include "base/compiler.h"

/* Find them, once, before any of the others is called. False where they are missing: then there is
 * no passive mode. */
bool libc_find(void);
bool libc_known(void); /* they were found */
void *libc_malloc(size_t size);
void *libc_calloc(size_t count, size_t size);
void *libc_realloc(void *p, size_t size);
void *libc_memalign(size_t align, size_t size);
void libc_free(void *p);
size_t libc_usable_size(void *p);

/* The number of the calling thread as the C library knows it, without a system call: in the child of vfork
 * its parent's. 0: not known. */
uint32_t libc_tid(void);

/* The C library's own function NAME, or NULL. */
void *libc_symbol(const char *name);
/* What the process would call by NAME without this library, or NULL. */
void *libc_next_symbol(const char *name);

#endif
