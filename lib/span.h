/* SPDX-License-Identifier: MIT */
/* span.h - requests of 32 KiB to 1 MiB: runs of granules (floor F5). */
#ifndef HAK_SPAN_H
#define HAK_SPAN_H

#include "compiler.h"

struct slab;

/* SIZE bytes, SPAN_MAX at most, aligned to a granule. NULL if the system refuses. */
void *span_alloc(size_t size, bool zero);

/* A parked span for SIZE bytes, or NULL. */
void *span_reuse(size_t size);

/* Usable size of the span that begins at P; its class byte must be CLASS_SPAN. */
size_t span_size(const void *p);

/* True if P is the beginning of a span in use. */
bool span_valid(const void *p);

/* The span in use that begins at P, claimed: nobody else can free it. NULL if there is none, or another
 * thread was faster. */
struct slab *span_claim(void *p);

/* Give back a span that was claimed. */
void span_give(struct slab *first);

/* True if the span at P holds SIZE bytes now, where it is. Never shrinks. */
bool span_extend(void *p, size_t size);

/* Return parked spans to their superslabs: all, or those parked for longer than the policy's delay. */
void span_trim(void);
void span_decay(uint64_t now_ms);

/* Parked spans, which the superslab floor counts as in use: their number and bytes. */
size_t span_parked(size_t *bytes);

#endif
