/* SPDX-License-Identifier: MIT */
/* adapt/release.h - everything that is free goes back to the system at once. Inside the gate, no lock
 * held. */
#ifndef HAK_RELEASE_H
#define HAK_RELEASE_H

#include "base/compiler.h"

/* Return what is free in the caller's cache, in those of threads that ended, on its shelf, in the transfer
 * slots and parked to slabs, superslabs and the cache of large mappings, whence it can be reused or trimmed.
 * Aborts with FUNCTION's name on a damaged list. */
void release_caches(const char *function);

/* Return what is kept for reuse to the system, but PAD bytes of EMPTY slabs. The bytes. */
size_t release_kept(size_t pad);

/* Both, and the free pages inside slabs: all of it to the system, but PAD bytes of EMPTY slabs. The bytes. */
size_t release_free(size_t pad, const char *function);

#endif
