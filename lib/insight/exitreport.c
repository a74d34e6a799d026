/* SPDX-License-Identifier: MIT */
/* insight/exitreport.c - lines that were asked for at the end of the process. */
#include "insight/exitreport.h"

#include "base/lock.h"
#include "events/counters.h"
#include "events/trace.h"
#include "insight/summary.h"

static void report_stages(void)
{
    struct line m;
    line_init(&m);
    line_str(&m, "hakmem: pool stages:");
    line_field(&m, "partial", counted(COUNT_STAGE_PARTIAL));
    line_field(&m, "empty", counted(COUNT_STAGE_EMPTY));
    line_field(&m, "empty_any", counted(COUNT_STAGE_EMPTY_ANY));
    line_field(&m, "unused", counted(COUNT_STAGE_UNUSED));
    line_field(&m, "new", counted(COUNT_STAGE_NEW));
    trace_report(&m);
}

static void report_locks(void)
{
    for (enum lock_rank rank = 0; rank < RANK_COUNT; rank++) {
        struct lock_contention c = lock_contention(rank);
        if (!c.contended)
            continue;
        struct line m;
        line_init(&m);
        line_str(&m, "hakmem: lock");
        line_text(&m, "rank", lock_rank_name[rank]);
        line_field(&m, "contended", c.contended);
        line_field(&m, "slept", c.slept);
        trace_report(&m);
    }
}

/* --- HAKMEM_SIZE_HIST ----------------------------------------------------------------------------*/

static void report_size(unsigned size_class, const char *kind, uint64_t blocks)
{
    if (!blocks)
        return;
    struct line m;
    line_init(&m);
    line_str(&m, "hakmem: size");
    if (kind) {
        line_text(&m, "class", kind);
    } else {
        line_field(&m, "class", size_class);
        line_field(&m, "size", class_size(size_class));
    }
    line_field(&m, "blocks", blocks);
    trace_report(&m);
}

/* The sum of all lines is hak_stats.allocations. */
static void report_sizes(void)
{
    struct census c;
    summary_take(&c);
    for (unsigned i = 1; i < CLASSES; i++)
        report_size(i, NULL, c.of[i].popped);
    report_size(0, "uncached", c.counter[COUNT_UNCACHED_ALLOCS]);
    report_size(0, "span", c.taken);
    report_size(0, "large", c.counter[COUNT_LARGE_ALLOCS]);
}

void exit_reports(void)
{
    trace_finish();
    if (option(OPT_SHARED_POOL_STAGE_STATS))
        report_stages();
    if (option(OPT_SHARED_POOL_LOCK_STATS))
        report_locks();
    if (option(OPT_SIZE_HIST))
        report_sizes();
}
