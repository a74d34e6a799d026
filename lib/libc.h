/* SPDX-License-Identifier: MIT */
/* libc.h - the C library's own allocator, for passive mode and mode 1 (floor F1).
 * glibc exports it under names that nobody interposes; they are looked up only where they are needed. */
#ifndef HAK_LIBC_H
#define HAK_LIBC_H

#include "compiler.h"

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

/* The next definition of NAME after ours, or NULL. May allocate when the name is missing. */
void *libc_symbol(const char *name);
/* The definition of NAME that the program uses, or NULL. The same. */
void *libc_first_symbol(const char *name);

#endif
