/* SPDX-License-Identifier: MIT */
/* insight/summary.c - what the allocator did and holds, added up and printed. */
#include "insight/summary.h"

#include <errno.h>
#include <limits.h>

#include "events/counters.h"
#include "memory/large.h"
#include "events/usage.h"
#include "base/text.h"
#include "base/meta.h"
#include "base/os.h"
#include "memory/pool.h"
#include "base/text.h"
#include "insight/residency.h"
#include "cache/shelf.h"
#include "memory/strip.h"
#include "memory/granules.h"
#include "cache/thread.h"
#include "cache/transfer.h"
#include "cache/startup.h"

struct sums {
    size_t cached[CLASSES]; /* blocks */
    uint64_t popped, misses, shelf_taken;
    size_t shelved, shelved_bytes; /* spans on the shelves of threads */
    size_t binned[BINNED];         /* the number of those with bins */
};

/* What the thread has done so far; of one that a fork left behind, all that counts. */
NO_TSAN static void add_history(const struct tcache *tc, void *arg)
{
    struct sums *sums = arg;
    for (unsigned c = 1; c < CLASSES; c++)
        sums->popped += tcache_popped(tc, c);
    sums->misses += tc->misses;
    sums->shelf_taken += shelf_taken(tc);
}

NO_TSAN static void add_cache(const struct tcache *tc, void *arg)
{
    struct sums *sums = arg;
    add_history(tc, arg);
    for (unsigned c = 1; c < CLASSES; c++)
        sums->cached[c] += tcache_blocks(tc, c);
    sums->shelved += shelf_spans(tc);
    sums->shelved_bytes += shelf_bytes(tc);
    for (unsigned i = 0; i < BINNED; i++)
        sums->binned[i] += tcache_listed(tc, CLASS_BINNED + i);
}

/* Bytes asked for of the spans in use; what lies in bins is known by its number: of the calling thread by its
 * bytes, too, of others it counts as the average of its length. *BINNED_BYTES: what was left out. */
static size_t live_span_bytes(const struct sums *sums, size_t *binned_bytes)
{
    struct span_sum all[BINNED + 1], own[BINNED] = {{0}};
    granules_span_sums(all);
    if (thread_self.cache != TCACHE_NONE)
        shelf_sums(thread_self.cache, own);
    size_t live = all[BINNED].bytes;
    *binned_bytes = 0;
    for (unsigned i = 0; i < BINNED; i++) {
        size_t others = all[i].count - min_size(all[i].count, own[i].count);
        size_t bytes = all[i].bytes - min_size(all[i].bytes, own[i].bytes);
        size_t cached = min_size(others, sums->binned[i] - min_size(sums->binned[i], own[i].count));
        size_t left = cached < others ? bytes - bytes / others * cached : 0;
        live += left;
        *binned_bytes += all[i].bytes - min_size(all[i].bytes, left);
    }
    return live;
}

static struct summary_class of_class(const struct sums *sums, unsigned c)
{
    struct pool_totals pool = pool_totals(c);
    size_t cached = sums->cached[c] + transfer_blocks(c);
    return (struct summary_class){pool.out > cached ? pool.out - cached : 0, cached, pool.free, pool.slabs};
}

void summary_classes(struct summary_class out[CLASSES])
{
    struct sums sums = {0};
    thread_each(add_cache, &sums);
    out[CLASS_NONE] = (struct summary_class){0};
    for (unsigned c = 1; c < CLASSES; c++)
        out[c] = of_class(&sums, c);
}

static void add_classes(struct hak_stats *out, const struct sums *sums)
{
    for (unsigned c = 1; c < CLASSES; c++) {
        struct summary_class of = of_class(sums, c);
        out->live_blocks += of.live;
        out->live_bytes += of.live * class_size(c);
        out->cached_blocks += of.cached;
        out->cached_bytes += of.cached * class_size(c);
        out->free_blocks += of.free;
        out->free_bytes += of.free * class_size(c);
    }
}

static void add_regions(struct hak_stats *out, const struct sums *sums)
{
    struct granule_totals slabs;
    struct large_totals large;
    struct strip_totals side;
    size_t binned_bytes;
    granules_totals(&slabs);
    strip_totals(&side);
    large_totals(&large);
    out->shelved_bytes = min_size(slabs.span, sums->shelved_bytes);
    out->span_bytes = slabs.span - out->shelved_bytes + side.used;
    out->large_bytes = large.live;
    out->large_blocks = large.live_count;
    out->large_cached_bytes = large.cached;
    out->live_blocks += slabs.spans - min_size(slabs.spans, sums->shelved) + side.blocks + large.live_count;
    out->live_bytes +=
        min_size(live_span_bytes(sums, &binned_bytes) + side.used, out->span_bytes) + large.live;
    out->empty_bytes = slabs.empty;
    out->slab_bytes = slabs.active + slabs.empty;
    out->superslabs = slabs.superslabs;
    out->superslabs_peak = slabs.superslabs_peak;
    out->metadata_bytes = meta_bytes();
    out->mapped_bytes = slabs.mapped + side.mapped + large.live + large.cached + out->metadata_bytes;
    out->retained_bytes = slabs.empty + large.cached + out->shelved_bytes + side.idle;
}

static void add_counters(struct hak_stats *out)
{
    out->purged_bytes = counted(COUNT_PURGED_BYTES);
    out->stage_partial = counted(COUNT_STAGE_PARTIAL);
    out->stage_empty = counted(COUNT_STAGE_EMPTY);
    out->stage_empty_any = counted(COUNT_STAGE_EMPTY_ANY);
    out->stage_unused = counted(COUNT_STAGE_UNUSED);
    out->stage_new = counted(COUNT_STAGE_NEW);
    out->failures = counted(COUNT_FAILURES);
    out->large_reused = counted(COUNT_LARGE_REUSED);
    out->lost_bytes = counted(COUNT_LOST_BYTES);
}

void summary_get(struct hak_stats *out)
{
    struct sums sums = {0};
    size_t startup_bytes;
    thread_each(add_cache, &sums);
    thread_each_forgotten(add_history, &sums);
    *out = (struct hak_stats){.size = sizeof *out, .version = HAK_STATS_VERSION};
    out->live_blocks = startup_live(&startup_bytes);
    out->live_bytes = startup_bytes;
    add_classes(out, &sums);
    add_regions(out, &sums);
    add_counters(out);
    uint64_t spans = counted(COUNT_SPAN_ALLOCS) + sums.shelf_taken, large = counted(COUNT_LARGE_ALLOCS);
    out->allocations = sums.popped + counted(COUNT_UNCACHED_ALLOCS) + spans + large;
    out->cache_hits = sums.popped > sums.misses ? sums.popped - sums.misses : 0;
    out->frees = out->allocations > out->live_blocks ? out->allocations - out->live_blocks : 0;
    out->threads = thread_count();
    out->in_use_peak_bytes = usage_highest();
}

void summary_residency(struct hak_stats *out)
{
    struct account a;
    struct sums sums = {0};
    size_t binned_bytes;
    thread_each(add_cache, &sums);
    (void)live_span_bytes(&sums, &binned_bytes);
    residency_get(&a, out->cached_bytes + binned_bytes);
    out->resident_live_bytes = a.live;
    out->resident_cached_bytes = a.cached;
    out->resident_free_bytes = a.free_in_slabs;
    out->resident_retained_bytes = a.retained;
    out->resident_metadata_bytes = a.metadata;
    out->fragmentation_bytes = a.fragmentation;
    out->resident_bytes = account_sum(&a);
}

enum { GAUGE = false, COUNTER = true, NUMBER = false, BYTES = true };
const struct stats_field stats_fields[STATS_COUNT] = {
#define STATS_ROW(name, kind, unit, help) {#name, kind, unit, help},
    STATS_FIELDS(STATS_ROW)
#undef STATS_ROW
};
static_assert(sizeof(struct hak_stats) == (2 + STATS_COUNT) * sizeof(uint64_t), "every field has its row");
#define STATS_PLACE(name, kind, unit, help)                                                                  \
    static_assert(offsetof(struct hak_stats, name) == (2 + STATS_##name) * sizeof(uint64_t), "rows in "      \
                                                                                             "order");
STATS_FIELDS(STATS_PLACE)
#undef STATS_PLACE

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
    summary_get(&s);
    summary_residency(&s);
    text_init_fd(&p, &fd);
    put_line(&p, "pid", (uint64_t)os_pid());
    put_program(&p);
    for (unsigned i = 0; i < STATS_COUNT; i++)
        put_line(&p, stats_fields[i].name, stats_value(&s, i));
    put_line(&p, "process_resident_bytes", os_resident());
    text_str(&p, "\n");
    text_end(&p);
}
