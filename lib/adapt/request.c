/* SPDX-License-Identifier: MIT */
/* adapt/request.c - what "hakmem purge" asks of this process from outside: to give back what is free. */
#include "adapt/request.h"

#include "base/gate.h"
#include "base/layout.h"
#include "events/counters.h"
#include "events/usage.h"
#include "adapt/release.h"

struct request purge_request;

static uint64_t kept(void)
{
    return usage_of(USAGE_KEPT_SLABS) + usage_of(USAGE_KEPT_LARGE);
}

/* What goes back on the way home counts, too: hence the counter, and not the sum of what was trimmed. */
static void serve(struct request *r)
{
    uint64_t number = load_relaxed(&r->begun) + 1, purged = counted(COUNT_PURGED_BYTES), before = kept();
    store_relaxed(&r->begun, number);
    (void)release_free(0, "free");
    store_relaxed(&r->bytes, counted(COUNT_PURGED_BYTES) - purged);
    store_relaxed(&r->before, before);
    store_relaxed(&r->after, kept());
    store_release(&r->done, number);
}

static NOINLINE void serve_once(struct request *r)
{
    uint8_t idle = 0;
    if (!atomic_compare_exchange_strong_explicit(&r->busy, &idle, 1, memory_order_acquire,
                                                 memory_order_relaxed))
        return;
    if (atomic_exchange_explicit(&r->wanted, 0, memory_order_relaxed))
        serve(r);
    store_release(&r->busy, 0);
}

void request_serve(void)
{
    if (LIKELY(!load_relaxed(&purge_request.wanted)) || !gate_enter())
        return; /* none, or not during a fork: it stays wanted */
    serve_once(&purge_request);
    gate_leave();
}

void request_forked(void)
{
    store_relaxed(&purge_request.wanted, 0);
    store_relaxed(&purge_request.busy, 0);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_request[] = {
    LAYOUT_ADDRESS(purge_request),
    LAYOUT_END,
};
