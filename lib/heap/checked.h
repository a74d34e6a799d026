/* SPDX-License-Identifier: MIT */
/* heap/checked.h - the checked mode: guard bytes behind each block. */
#ifndef HAK_CHECKED_H
#define HAK_CHECKED_H

#include "base/compiler.h"

/* As uncached_alloc and uncached_free, with guard bytes from SIZE to the end of the block. */
void *checked_alloc(size_t size, size_t align, bool zero);
void checked_free(void *p, unsigned c, const char *function);

/* The size that was asked for: what lies behind it is the guard's. */
size_t checked_size(const void *p, unsigned c, const char *function);

/* The same of what may be freed by another thread at any moment: USABLE where the guard tells nothing. */
size_t checked_peek(const void *p, size_t usable, unsigned c);

#endif
