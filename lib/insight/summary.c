/* SPDX-License-Identifier: MIT */
/* insight/summary.c - what the allocator did and holds, added up. */
#include "insight/summary.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/meta.h"
#include "base/os.h"
#include "base/text.h"
#include "settings/policy.h"
#include "events/usage.h"
#include "memory/guard.h"
#include "memory/pool.h"
#include "memory/strip.h"
#include "cache/thread.h"
#include "adapt/helper.h"
#include "insight/residency.h"

static void add_cache(const struct tcache *tc, void *arg)
{
    census_cache(arg, tc);
}

static void add_past(const struct tcache *tc, void *arg)
{
    census_past(arg, tc);
}

static void add_classes(struct census *c)
{
    for (unsigned i = 1; i < CLASSES; i++) {
        struct pool_totals pool = pool_totals(i);
        c->of[i].out = pool.out;
        c->of[i].free = pool.free;
        c->of[i].slabs = pool.slabs;
    }
}

/* No lock: a moment's picture. */
static void add_spans(struct census *c)
{
    struct region *region;
    for (uintptr_t at = 0; (region = classmap_next(&at)) != NULL; at += SUPERSLAB)
        if (region->kind == REGION_SUPERSLAB)
            census_spans(c, CONTAINER_OF(region, struct superslab, region), classmap_mark((void *)at));
    const struct tcache *tc = thread_cache();
    if (tc != TCACHE_NONE)
        shelf_sums(tc, c->own);
}

void summary_take(struct census *out)
{
    memset(out, 0, sizeof *out);
    thread_each(add_cache, out);
    thread_each_forgotten(add_past, out);
    for (unsigned i = 0; i < POLICY_STRIPES; i++)
        if (transfer_stripe(i))
            census_stripe(out, transfer_stripe(i));
    out->startup = startup_totals();
    add_classes(out);
    granules_totals(&out->granules);
    large_totals(&out->large);
    strip_totals(&out->strip);
    guard_totals(&out->guard);
    add_spans(out);
    out->metadata = meta_bytes();
    out->threads = thread_count();
    out->helpers = helper_is_there(load_relaxed(&helper_report.state));
    out->highest = usage_highest();
    out->soft_limit = policy(soft_limit_bytes);
    for (unsigned i = 0; i < COUNTERS; i++)
        out->counter[i] = counted((enum counter)i);
    census_end(out);
}

void summary_get(struct hak_stats *out, bool resident)
{
    struct census c;
    struct account a;
    summary_take(&c);
    if (resident)
        residency_get(&a, &c);
    statistics_fill(out, &c, resident ? &a : NULL);
}

static void put_line(struct text *p, const char *name, uint64_t value)
{
    text_str(p, name);
    text_str(p, "=");
    text_dec(p, value);
    text_str(p, "\n");
}

/* argv[0] without its directories, on one line and no longer than a file name. */
static void put_program(struct text *p)
{
    char name[NAME_MAX + 1] = "";
    for (size_t i = 0; program_invocation_short_name[i] && i < NAME_MAX; i++)
        name[i] =
            (unsigned char)program_invocation_short_name[i] < ' ' ? '?' : program_invocation_short_name[i];
    text_str(p, "program=");
    text_str(p, name);
    text_str(p, "\n");
}

/* One write for the whole block: those of processes that end together stay apart. */
void summary_block(int fd)
{
    struct hak_stats s;
    struct text p;
    summary_get(&s, true);
    text_init_fd(&p, &fd);
    put_line(&p, "pid", (uint64_t)os_pid());
    put_program(&p);
    for (unsigned i = 0; i < STATISTICS; i++)
        put_line(&p, statistics[i].name, statistic(&s, i));
    put_line(&p, "process_resident_bytes", os_resident());
    text_str(&p, "\n");
    text_end(&p);
}
