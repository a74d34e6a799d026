/* SPDX-License-Identifier: MIT */
/* trace.c - why allocations failed: a ring of the last failures (floor F2). */
#include "trace.h"

#include <errno.h>

#include "counters.h"
#include "lock.h"
#include "message.h"
#include "options.h"
#include "os.h"

enum { RING = 64 };

static struct trace {
    struct lock lock;
    uint64_t written; /* by lock; entry n is ring[n % RING] */
    struct trace_entry ring[RING];
} trace;

const char *const trace_reason_name[TRACE_REASONS] = {"none", "Threshold", "Exhaustion", "MapFail"};

static void print(const struct trace_entry *e)
{
    struct message m;
    message_init(&m);
    message_str(&m, "hakmem: failed allocation: ");
    message_str(&m, trace_reason_name[e->reason]);
    message_field(&m, "size", e->size);
    if (e->size_class >= 0)
        message_field(&m, "class", (uint64_t)e->size_class);
    else
        message_str(&m, " class=none");
    message_str(&m, " call=");
    message_str(&m, e->call);
    message_field(&m, "errno", (uint64_t)e->code);
    message_str(&m, "\n");
    message_send(&m, 2);
}

void *trace_failure(enum trace_reason reason, size_t size, int size_class)
{
    bool refused = reason == TRACE_MAPFAIL && os_error.call;
    struct trace_entry e = {.size = size,
                            .reason = reason,
                            .size_class = size_class,
                            .code = refused ? os_error.code : 0,
                            .call = refused ? os_error.call : "none"};
    os_error.call = NULL;
    count(COUNT_FAILURES, 1);
    lock_take(&trace.lock, RANK_TRACE);
    trace.ring[trace.written++ % RING] = e;
    lock_give(&trace.lock, RANK_TRACE);
    if (option(OPT_ACE_TRACE))
        print(&e);
    errno = ENOMEM;
    return NULL;
}

bool trace_latest(struct trace_entry *out)
{
    lock_take(&trace.lock, RANK_TRACE);
    bool any = trace.written != 0;
    if (any)
        *out = trace.ring[(trace.written - 1) % RING];
    lock_give(&trace.lock, RANK_TRACE);
    return any;
}

void trace_lock_for_fork(void)
{
    lock_take(&trace.lock, RANK_TRACE);
}

void trace_unlock_after_fork(void)
{
    lock_give(&trace.lock, RANK_TRACE);
}
