/* SPDX-License-Identifier: MIT */
/* summary.c - what the allocator did and holds, added up and printed (floor F7). */
#include "summary.h"

#include "counters.h"
#include "large.h"
#include "message.h"
#include "meta.h"
#include "os.h"
#include "pool.h"
#include "superslab.h"
#include "thread.h"
#include "transfer.h"
#include "young.h"

struct sums {
    size_t cached[CLASSES]; /* blocks */
    uint64_t popped, misses, shelf_taken;
    size_t shelved, shelved_bytes; /* spans on the shelves of threads */
};

NO_TSAN static void add_cache(const struct tcache *tc, void *arg)
{
    struct sums *sums = arg;
    for (unsigned c = 1; c < CLASSES; c++) {
        sums->cached[c] += tc->in_use ? tcache_blocks(tc, c) : 0;
        sums->popped += tcache_popped(tc, c);
    }
    sums->misses += tc->misses;
    sums->shelf_taken += tc->shelf.taken;
    sums->shelved += tc->shelf.last_run != 0;
    for (unsigned i = 0; i < SPAN_GRANULES; i++)
        sums->shelved += tc->shelf.span[i] != NULL;
    sums->shelved_bytes += (size_t)tc->shelf.granules << GRANULE_SHIFT;
}

void summary_get(struct hak_stats *out)
{
    struct sums sums = {0};
    struct superslab_totals slabs;
    struct large_totals large;
    thread_each(add_cache, &sums);
    superslab_totals(&slabs);
    large_totals(&large);
    *out = (struct hak_stats){0};
    uint64_t spans = counted(COUNT_SPAN_ALLOCS) + sums.shelf_taken, larges = counted(COUNT_LARGE_ALLOCS);
    out->allocations = sums.popped + counted(COUNT_DIRECT_ALLOCS) + spans + larges;
    out->cache_hits = sums.popped > sums.misses ? sums.popped - sums.misses : 0;
    for (unsigned c = 1; c < CLASSES; c++) {
        size_t out_of_pool = pool_blocks_out(c), cached = sums.cached[c] + transfer_blocks(c);
        size_t live = out_of_pool > cached ? out_of_pool - cached : 0;
        out->live_blocks += live;
        out->live_bytes += live * class_size(c);
        out->cached_bytes += cached * class_size(c);
    }
    size_t young_bytes;
    out->live_blocks += young_live(&young_bytes);
    out->live_bytes += young_bytes;
    size_t shelved_bytes = sums.shelved_bytes;
    out->live_blocks += slabs.spans - min_size(slabs.spans, sums.shelved) + large.live_count;
    out->live_bytes += slabs.span - min_size(slabs.span, shelved_bytes) + large.live;
    out->frees = out->allocations > out->live_blocks ? out->allocations - out->live_blocks : 0;
    out->slab_bytes = slabs.active + slabs.empty;
    out->span_bytes = slabs.span - min_size(slabs.span, shelved_bytes);
    out->large_bytes = large.live;
    out->metadata_bytes = meta_bytes();
    out->mapped_bytes = slabs.mapped + large.live + large.cached + out->metadata_bytes;
    out->retained_bytes = slabs.empty + large.cached + shelved_bytes;
    out->purged_bytes = counted(COUNT_PURGED_BYTES);
    out->stage_partial = counted(COUNT_STAGE_PARTIAL);
    out->stage_empty = counted(COUNT_STAGE_EMPTY);
    out->stage_empty_any = counted(COUNT_STAGE_EMPTY_ANY);
    out->stage_unused = counted(COUNT_STAGE_UNUSED);
    out->stage_new = counted(COUNT_STAGE_NEW);
    out->failures = counted(COUNT_FAILURES);
    out->threads = thread_count();
    out->large_blocks = large.live_count;
}

void summary_stages(int fd)
{
    struct message m;
    message_init(&m);
    message_str(&m, "hakmem: pool stages:");
    message_field(&m, "partial", counted(COUNT_STAGE_PARTIAL));
    message_field(&m, "empty", counted(COUNT_STAGE_EMPTY));
    message_field(&m, "empty_any", counted(COUNT_STAGE_EMPTY_ANY));
    message_field(&m, "unused", counted(COUNT_STAGE_UNUSED));
    message_field(&m, "new", counted(COUNT_STAGE_NEW));
    message_str(&m, "\n");
    message_send(&m, fd);
}

#define COUNT_FIELD(name) +1
static_assert(sizeof(struct hak_stats) == (0 STATS_FIELDS(COUNT_FIELD)) * sizeof(uint64_t),
              "every field of struct hak_stats is printed");

static void put_line(struct message *m, const char *name, uint64_t value)
{
    message_str(m, name);
    message_str(m, "=");
    message_dec(m, value);
    message_str(m, "\n");
}

/* One write for the whole block: those of processes that end together stay apart. */
void summary_block(int fd)
{
    struct hak_stats s;
    struct message m;
    summary_get(&s);
    message_init(&m);
    put_line(&m, "pid", (uint64_t)os_pid());
#define PUT_FIELD(name) put_line(&m, #name, s.name);
    STATS_FIELDS(PUT_FIELD)
#undef PUT_FIELD
    put_line(&m, "resident_bytes", os_resident());
    message_str(&m, "\n");
    message_send(&m, fd);
}
