/* SPDX-License-Identifier: MIT */
/* base/meta.h - memory for descriptors, apart from the memory of programs.
 * What is handed out is never given back: descriptors are recycled by their own free lists, so a
 * stale pointer to one still points at a descriptor of the same type. */
#ifndef HAK_META_H
#define HAK_META_H

#include "base/compiler.h"

/* SIZE zeroed bytes, aligned to a cache line. NULL if the system refuses (os_error says why). */
void *meta_alloc(size_t size);
/* The same for the class map, which grows under this lock: held. */
void *meta_alloc_locked(size_t size);
void meta_lock(void);
void meta_unlock(void);

/* What a chunk begins with; the first one, in .bss, has none and is in no list. */
struct meta_chunk {
    struct meta_chunk *next;
    size_t size; /* of the whole mapping */
} __attribute__((aligned(64)));

/* The chunk mapped last. Any thread: chunks are never unmapped. */
const struct meta_chunk *meta_chunks(void);

/* Call EACH for the first chunk and every mapped one, no lock held. */
void meta_each(void (*each)(const void *base, size_t size, void *arg), void *arg);

/* Address space taken for descriptors, this library's other tables included. */
size_t meta_bytes(void);
void meta_note_mapped(size_t size); /* a table mapped elsewhere */

#endif
