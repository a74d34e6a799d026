/* SPDX-License-Identifier: MIT */
/* events/trace.h - lines of the traces: which, how many, and to which file.
 *
 * Code that is traced may hold any lock: a line is put into a queue, without waiting and without a system
 * call. It is written by whoever next comes to the end of a slow path and holds no lock (heap.c,
 * thread.c), mostly the same thread a moment later, and at exit. */
#ifndef HAK_TRACE_H
#define HAK_TRACE_H

#include "base/atomic.h"
#include "base/text.h"
#include "settings/options.h"

/* Each channel: how its lines begin after "hakmem: ", and the option that opens it. */
#define TRACE_CHANNELS(X)                                                                                    \
    X(FAILURE, "failed allocation:", OPT_ACE_TRACE)                                                          \
    X(ACQUIRE, "acquire", OPT_SS_ACQUIRE_DEBUG)                                                              \
    X(FREE, "free", OPT_SS_FREE_DEBUG)                                                                       \
    X(REGION, "region", OPT_SUPER_REG_DEBUG)                                                                 \
    X(MAP, "map", OPT_SS_MAP_TRACE)                                                                          \
    X(MEMORY, "memory", OPT_MEM_TRACE)

enum channel {
#define TRACE_CHANNEL(id, name, option) CHANNEL_##id,
    TRACE_CHANNELS(TRACE_CHANNEL)
#undef TRACE_CHANNEL
        CHANNELS
};

/* One load from the page of options; C is a constant. */
static ALWAYS_INLINE bool trace_on(enum channel c)
{
    switch (c) {
#define TRACE_CHANNEL(id, name, variable)                                                                    \
    case CHANNEL_##id: return UNLIKELY(option(variable) != 0);
        TRACE_CHANNELS(TRACE_CHANNEL)
#undef TRACE_CHANNEL
    default: return false;
    }
}

enum {
    LINES_A_SECOND = 1000, /* of each channel; more are left out and counted */
    LINE_MAX_BYTES = 512
};

/* A line is made by trace_begin, line_field and trace_end, which queues it. */
void trace_begin(struct line *m, enum channel c);
void trace_end(struct line *m, enum channel c);

/* Queue a line that was asked for at exit: never left out but where the queue is full. */
void trace_report(struct line *m);

/* Are there lines to write? */
extern _Atomic(uint64_t) trace_waiting;

/* Write what is queued, unless another thread is at it. No lock may be held. Nothing is written while
 * fork holds the locks: handlers of the program may run then. */
COLD void trace_write(void);

static ALWAYS_INLINE void trace_flush(void)
{
    if (UNLIKELY(load_relaxed(&trace_waiting) != 0))
        trace_write();
}

/* HAKMEM_MEM_TRACE: a line on the memory in use, if one is due. */
bool trace_memory_due(uint64_t now_ms);
void trace_memory(size_t threads);

/* Once, when the options are known. */
void trace_open(void);

/* In the child of fork: what is queued is the parent's to write; with %p the file, too. */
void trace_forked(void);

/* At exit: say what was left out, and write everything. */
void trace_finish(void);

#endif
