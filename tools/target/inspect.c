/* SPDX-License-Identifier: MIT */
/* target/inspect.c - the heap of a target, read structure by structure.
 *
 * What a structure tells, the library's own code knows (insight/census.h): here they are found and copied.
 * Every walk is bounded: the tables by their sizes, the lists by what could exist. A structure that makes
 * no sense is left out and counted: it was read in the middle of a change, or the program damaged it. */
#include <stdlib.h>
#include <string.h>

#include "adapt/helper.h"
#include "base/meta.h"
#include "common/say.h"
#include "events/usage.h"
#include "memory/mapping.h"
#include "settings/policy.h"
#include "target/inspect.h"

enum {
    CACHES_MOST = 1 << 18,
    LARGES_CACHED_MOST = 1024,
    REGION_BATCH = 512,
    SHELVED_MOST = 64, /* granules on a shelf: it has fewer */
    LEAST_PAGE = 4096
};

static void add_range(struct heap *h, uint64_t start, uint64_t end, uint64_t resident)
{
    if ((h->range_count & (h->range_count - 1)) == 0)
        h->ranges = need_memory(h->ranges, (h->range_count ? h->range_count * 2 : 1) * sizeof *h->ranges);
    h->ranges[h->range_count++] = (struct range){start, end, resident};
}

static bool known(const struct heap *h, uint64_t start)
{
    for (size_t i = 0; i < h->range_count; i++)
        if (h->ranges[i].start == start)
            return true;
    return false;
}

static bool mapped_at(const struct target *t, uint64_t address)
{
    return proc_find(&t->maps, address) != NULL;
}

/* Copy the structure of SIZE bytes at ADDRESS; false where none can be. */
static bool copy(struct target *t, uint64_t address, void *out, size_t size)
{
    return address && address % 8 == 0 && mapped_at(t, address) && target_read(t, address, out, size);
}

/* SIZE, cut to what is mapped from START on without a hole. */
static uint64_t mapped_size(const struct target *t, uint64_t start, uint64_t size)
{
    uint64_t end = start;
    for (const struct vma *v; end - start < size && (v = proc_find(&t->maps, end)) != NULL;)
        end = v->end;
    return end - start < size ? end - start : size;
}

/* --- Counts --------------------------------------------------------------------------------------*/

static void read_counts(struct target *t, struct heap *h)
{
    struct census *c = &h->census;
    uint64_t usage[USAGES] = {0};
    h->mode = (enum heap_mode)half_at(t, at(t, ROW_heap_mode));
    h->mode_name = h->mode == HEAP_POOL      ? "pool"
                   : h->mode == HEAP_PASSIVE ? "passive"
                   : h->mode == HEAP_CHECKED ? "checked"
                                             : "early";
    h->mixed = word_at(t, at(t, ROW_heap_mixed)) & 1;
    (void)target_read(t, at(t, ROW_usages), usage, sizeof usage);
    h->in_use = usage[USAGE_IN_USE];
    h->kept_slabs = usage[USAGE_KEPT_SLABS];
    h->kept_large = usage[USAGE_KEPT_LARGE];
    (void)target_read(t, at(t, ROW_counters), c->counter, sizeof c->counter);
    c->highest = word_at(t, at(t, ROW_usage_highest));
    c->soft_limit = word_at(t, at(t, ROW_policy) + offsetof(struct live_policy, soft_limit_bytes));
    c->metadata = word_at(t, at(t, ROW_meta_mapped));
    c->threads = word_at(t, at(t, ROW_threads_in_use));
    c->helpers = helper_is_there(half_at(t, at(t, ROW_helper) + offsetof(struct helper_report, state)));
    c->granules.superslabs_peak = word_at(t, at(t, ROW_superslabs_peak));
    c->startup.live = half_at(t, at(t, ROW_startup_live));
    c->startup.bytes = (size_t)half_at(t, at(t, ROW_startup_live_units)) * MIN_ALIGN;
    c->startup.carved = (size_t)half_at(t, at(t, ROW_startup_next)) * MIN_ALIGN;
    for (unsigned i = 1; i < CLASSES; i++) {
        uint64_t pool = at(t, ROW_pools) + i * at(t, ROW_pool_size);
        c->of[i].out = word_at(t, pool + (at(t, ROW_pool_out) & UINT32_MAX));
        h->class_locks += word_at(t, pool + (at(t, ROW_pool_locks) & UINT32_MAX));
    }
}

uint64_t heap_spans(const struct heap *h)
{
    return h->census.granules.spans - h->census.shelved;
}

uint64_t heap_cached_bytes(const struct heap *h)
{
    return h->stats.cached_bytes + h->stats.shelved_bytes;
}

/* --- Thread caches and transfer slots ------------------------------------------------------------*/

/* More than that a magazine or a shelf never holds: the number was torn, or is damage. */
static void make_sane(struct tcache *tc)
{
    for (unsigned i = 0; i < MAP_CLASSES; i++)
        if (tcache_listed(tc, i) > CHAIN_MAX)
            tc->bin[i].fill = fill_of(tc->cold[i].capacity, 0);
    if (tc->shelf.granules > SHELVED_MOST)
        tc->shelf.granules = 0;
}

/* The caches of a list. Those that a fork left behind tell only what was done. */
static void read_list(struct target *t, struct heap *h, uint64_t head, bool past)
{
    struct tcache tc;
    struct gather gather;
    uint64_t link = word_at(t, head + offsetof(struct list, next));
    /* No more than the descriptors' memory holds: a list that runs in a circle ends there. */
    uint64_t most = min_size(h->census.metadata / sizeof tc + 1, CACHES_MOST);
    while (link && link != head && h->caches < most) {
        if (!copy(t, link - offsetof(struct tcache, all), &tc, sizeof tc)) {
            h->damaged++;
            break;
        }
        make_sane(&tc);
        tc.gather = copy(t, (uintptr_t)tc.gather, &gather, sizeof gather) ? &gather : NULL;
        (past ? census_past : census_cache)(&h->census, &tc);
        h->caches++;
        link = (uintptr_t)tc.all.next;
    }
    if (link != head && link && h->caches == most)
        h->damaged++;
}

static void read_stripes(struct target *t, struct heap *h)
{
    struct stripe stripe;
    for (unsigned i = 0; i < POLICY_STRIPES; i++) {
        if (!copy(t, word_at(t, at(t, ROW_stripes) + 8 * i), &stripe, sizeof stripe))
            continue;
        census_stripe(&h->census, &stripe);
    }
}

/* --- Superslabs ----------------------------------------------------------------------------------*/

static void read_superslab(struct target *t, struct heap *h, uint64_t address, const struct superslab *ss,
                           const class_byte *marks, bool look)
{
    static uint8_t there[SUPERSLAB / LEAST_PAGE];
    size_t resident[GRANULES] = {0}, total = 0;
    /* What lies behind the granules that were opened is not mapped, or not the library's. */
    uint64_t mapped = min_size(SUPERSLAB, (uint64_t)ss->opened << GRANULE_SHIFT);
    if (look)
        total = target_resident(t, address, (size_t)(mapped / t->page), there) * t->page;
    for (size_t i = 0; look && i < mapped / t->page; i++)
        resident[i * t->page >> GRANULE_SHIFT] += there[i] ? t->page : 0;
    census_spans(&h->census, ss, marks);
    census_superslab(&h->residents, &h->census, ss, marks, resident);
    h->census.granules.superslabs++;
    h->census.granules.mapped += mapped;
    add_range(h, address, address + mapped, total);
}

/* A mapping of a large request: free ones count as retained. */
static void add_large(struct target *t, struct heap *h, uint64_t base, uint64_t size, bool live, bool look)
{
    struct large_totals *large = &h->census.large;
    size = mapped_size(t, base, size);
    uint64_t bytes = look ? target_resident_bytes(t, base, base + size) : 0;
    *(live ? &large->live : &large->cached) += size;
    *(live ? &h->large_resident : &h->large_cached_resident) += bytes;
    *(live ? &h->residents.account.live : &h->residents.account.retained) += bytes;
    large->live_count += live;
    h->large_cached += !live;
    add_range(h, base, base + size, bytes);
}

/* Blocks of S, a mapping at ADDRESS, and what is free between them. */
static void read_strip(struct target *t, struct heap *h, uint64_t address, const struct strip *s, bool look)
{
    static uint8_t there[SUPERSLAB / LEAST_PAGE];
    struct strip_totals *sums = &h->census.strip;
    unsigned units = s->units <= STRIP_UNITS ? s->units : 0;
    uint64_t mapped = mapped_size(t, address, (uint64_t)units * STRIP_UNIT), total = 0;
    if (look)
        total = target_resident(t, address, (size_t)(mapped / t->page), there) * t->page;
    if (look)
        census_strip(&h->residents, s->used, (size_t)mapped, there, t->page);
    h->damaged += units == 0;
    sums->mapped += mapped;
    sums->used += (size_t)min_size(s->used_units, units) * STRIP_UNIT;
    sums->idle += (size_t)min_size(s->idle, units) * STRIP_UNIT;
    sums->blocks += min_size(s->blocks, units);
    sums->strips++;
    add_range(h, address, address + mapped, total);
}

/* Pages of guarded blocks between pages that nobody can access. */
static void read_guards(struct target *t, struct heap *h, uint64_t address, const struct guards *g, bool look)
{
    struct guard_totals *sums = &h->census.guard;
    bool sane = g->count <= GUARD_SLOTS && g->page == t->page;
    uint64_t mapped = sane ? mapped_size(t, address, guards_bytes(g->count, t->page)) : 0;
    uint64_t resident = look ? target_resident_bytes(t, address, address + mapped) : 0;
    h->damaged += !sane;
    *sums = (struct guard_totals){mapped, min_size(g->bytes, mapped), min_size(g->blocks, GUARD_SLOTS)};
    census_guards(&h->residents, sums->bytes, resident);
    add_range(h, address, address + mapped, resident);
}

/* The region whose descriptor is at REGION and that begins at ADDRESS, the class bytes of whose granules are
 * MARKS. */
static void read_region(struct target *t, struct heap *h, uint64_t address, uint64_t region,
                        const class_byte *marks, bool look)
{
    struct superslab ss;
    struct large large;
    struct strip strip;
    struct guards guards;
    uint32_t kind =
        copy(t, region, &ss.region, sizeof ss.region) && mapped_at(t, address) ? ss.region.kind : 0;
    if (kind == REGION_SUPERSLAB && copy(t, region - offsetof(struct superslab, region), &ss, sizeof ss) &&
        (uintptr_t)ss.base == address) {
        read_superslab(t, h, address, &ss, marks, look);
    } else if (kind == REGION_LARGE) {
        if (copy(t, region - offsetof(struct large, region), &large, sizeof large) &&
            (uintptr_t)large.base == address)
            add_large(t, h, address, large.size, marks[0] == CLASS_LARGE * CLASS_MARK, look);
    } else if (kind == REGION_STRIP) {
        if (copy(t, region - offsetof(struct strip, region), &strip, sizeof strip) &&
            (uintptr_t)strip.base == address)
            read_strip(t, h, address, &strip, look);
    } else if (kind == REGION_GUARD) {
        if (copy(t, region - offsetof(struct guards, region), &guards, sizeof guards) &&
            load_relaxed(&guards.area) == address)
            read_guards(t, h, address, &guards, look);
    } else {
        h->damaged++;
    }
}

/* The regions whose COUNT pointers are at TABLE, the first of address FROM, and the class bytes of whose
 * granules are at MARKS. Pages of tables are mostly untouched: they read as zero without being asked for. */
static void read_regions(struct target *t, struct heap *h, uint64_t table, uint64_t count, uint64_t from,
                         uint64_t marks, bool look)
{
    static class_byte mark[REGION_BATCH][GRANULES];
    uint64_t region[REGION_BATCH];
    for (uint64_t i = 0; i < count; i += REGION_BATCH) {
        uint64_t n = min_size(REGION_BATCH, count - i);
        if (!target_read(t, table + i * 8, region, n * 8) ||
            !target_read(t, marks + i * GRANULES, mark, n * sizeof *mark))
            return;
        for (uint64_t k = 0; k < n; k++)
            if (region[k])
                read_region(t, h, from + ((i + k) << SUPERSLAB_SHIFT), region[k], mark[k], look);
    }
}

static void add_metadata(struct target *t, struct heap *h, uint64_t start, uint64_t size, bool look)
{
    /* Whole pages: those at the ends belong to neighbours too. */
    uint64_t end = round_down(start + size, t->page), bytes;
    start = round_up(start, t->page);
    bytes = look ? target_resident_bytes(t, start, end) : 0;
    h->residents.account.metadata += bytes;
    add_range(h, start, end, bytes);
}

static void read_window(struct target *t, struct heap *h, bool look)
{
    struct window w = {0};
    (void)target_read(t, at(t, ROW_window), &w, sizeof w);
    uint64_t first = w.first, count = w.count, region = first / GRANULES;
    if (!count)
        return;
    if (count > UINT64_C(1) << (BRANCH_SHIFT - GRANULE_SHIFT) || !mapped_at(t, w.marks + first) ||
        !mapped_at(t, w.regions + region * 8)) {
        h->damaged++;
        return;
    }
    add_metadata(t, h, w.marks + first, count, look);
    read_regions(t, h, w.regions + region * 8, count / GRANULES, first << GRANULE_SHIFT, w.marks + first,
                 look);
}

/* The leaves of BRANCH, whose first address is FROM. They lie among the other descriptors. */
static void read_branch(struct target *t, struct heap *h, const struct branch *branch, uint64_t from,
                        bool look)
{
    for (uint64_t i = 0; i < BRANCH_LEAVES; i++) {
        uint64_t leaf = (uintptr_t)branch->leaf[i];
        if (!leaf)
            continue;
        if (leaf % 8 || !mapped_at(t, leaf)) {
            h->damaged++;
            continue;
        }
        read_regions(t, h, leaf + offsetof(struct leaf, regions), LEAF_REGIONS, from + (i << LEAF_SHIFT),
                     leaf + offsetof(struct leaf, classes), look);
    }
}

static void read_map(struct target *t, struct heap *h, bool look)
{
    static uint64_t roots[ROOTS];
    static struct branch branch;
    read_window(t, h, look);
    (void)target_read(t, at(t, ROW_roots), roots, sizeof roots);
    for (uint64_t i = 0; i < ROOTS; i++) {
        if (!roots[i])
            continue;
        if (copy(t, roots[i], &branch, sizeof branch))
            read_branch(t, h, &branch, i << BRANCH_SHIFT, look);
        else
            h->damaged++;
    }
}

/* --- The rest ------------------------------------------------------------------------------------*/

static void read_cached_larges(struct target *t, struct heap *h, bool look)
{
    uint64_t head = at(t, ROW_larges_cached), link = word_at(t, head + offsetof(struct list, next));
    struct large large;
    for (int n = 0; link && link != head; n++) {
        if (n == LARGES_CACHED_MOST || !copy(t, link - offsetof(struct large, link), &large, sizeof large)) {
            h->damaged++;
            return;
        }
        uint64_t base = (uintptr_t)large.base;
        if (base % t->page == 0 && mapped_at(t, base) && !known(h, base))
            add_large(t, h, base, large.size, false, look);
        link = (uintptr_t)large.link.next;
    }
}

static void read_chunks(struct target *t, struct heap *h, bool look)
{
    uint64_t at_chunk = word_at(t, at(t, ROW_meta_chunks)), sum = 0;
    struct meta_chunk chunk;
    add_metadata(t, h, at(t, ROW_first_chunk), at(t, ROW_first_chunk_size), look);
    while (at_chunk && sum <= h->census.metadata) { /* as many bytes as there are: a circle ends */
        if (at_chunk % t->page || !copy(t, at_chunk, &chunk, sizeof chunk) || chunk.size % t->page ||
            !chunk.size) {
            h->damaged++;
            return;
        }
        uint64_t size = mapped_size(t, at_chunk, chunk.size);
        if (!known(h, at_chunk))
            add_metadata(t, h, at_chunk, size, look);
        sum += size ? size : 1;
        at_chunk = (uintptr_t)chunk.next;
    }
    h->damaged += at_chunk != 0;
}

/* What the library counts under its locks, by what was met. */
static void end(struct heap *h)
{
    struct census *c = &h->census;
    const struct residents *r = &h->residents;
    h->damaged += r->damaged;
    c->granules.empty = (r->state[SLAB_EMPTY] + r->state[SLAB_PURGE]) << GRANULE_SHIFT;
    c->granules.active = r->state[SLAB_ACTIVE] << GRANULE_SHIFT;
    c->granules.span = r->state[SLAB_SPAN] << GRANULE_SHIFT;
    c->granules.spans = r->spans;
    for (unsigned i = 1; i < CLASSES; i++) {
        struct census_class *of = &c->of[i];
        of->slabs = r->of[i].slabs;
        of->out =
            min_size(of->out, of->slabs * class_blocks(i)); /* torn or damaged: no more than they hold */
        of->free = r->of[i].carved - min_size(r->of[i].carved, of->out);
    }
    census_end(c);
    census_settle(&h->residents, c);
    statistics_fill(&h->stats, c, &r->account);
}

static int by_start(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

void heap_read(struct target *t, struct heap *h, bool resident)
{
    *h = (struct heap){0};
    read_counts(t, h);
    read_list(t, h, at(t, ROW_threads_all), false);
    read_list(t, h, at(t, ROW_threads_forgotten), true);
    read_stripes(t, h);
    read_chunks(t, h, resident);
    read_map(t, h, resident);
    read_cached_larges(t, h, resident);
    end(h);
    qsort(h->ranges, h->range_count, sizeof *h->ranges, by_start);
}

void heap_free(struct heap *h)
{
    free(h->ranges);
    h->ranges = NULL;
}
