/* SPDX-License-Identifier: MIT */
/* trace.h - why allocations failed: a ring of the last failures (floor F2). */
#ifndef HAK_TRACE_H
#define HAK_TRACE_H

#include "compiler.h"

enum trace_reason { TRACE_NONE, TRACE_THRESHOLD, TRACE_EXHAUSTION, TRACE_MAPFAIL, TRACE_REASONS };

struct trace_entry {
    size_t size;
    enum trace_reason reason;
    int size_class;   /* -1: a span or large request */
    int code;         /* errno of the call, or 0 */
    const char *call; /* static string */
};

/* Record a failure, print it where HAKMEM_ACE_TRACE asks for it, and set errno to ENOMEM.
 * Returns NULL, so that a caller can return it. Takes the call and errno from os_error. */
COLD void *trace_failure(enum trace_reason reason, size_t size, int size_class);

/* Copy the latest entry; false if there is none. */
bool trace_latest(struct trace_entry *out);

void trace_lock_for_fork(void);
void trace_unlock_after_fork(void);

extern const char *const trace_reason_name[TRACE_REASONS];

#endif
