/* SPDX-License-Identifier: MIT */
/* target/inspect.c - the heap of a target, read structure by structure.
 *
 * Every walk is bounded: the tables by their sizes, the lists by what could exist. A structure that makes no
 * sense is left out and counted: it was read in the middle of a change, or the program damaged it. */
#include <stdlib.h>
#include <string.h>

#include "target/inspect.h"
#include "common/say.h"

enum {
    CHUNKS_MOST = 1 << 20,
    CACHES_MOST = 1 << 18,
    LARGES_CACHED_MOST = 1024,
    REGION_BATCH = 512,
    STRIP_WORDS_MOST = 64
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
    uint64_t levels = at(t, ROW_at_usages) + offset_of(t, ROW_usages_bytes);
    uint64_t counters = at(t, ROW_counter_count);
    h->mode = word_at(t, at(t, ROW_at_heap_mode)) & UINT32_MAX;
    h->mode_name = h->mode == at(t, ROW_heap_pool)      ? "pool"
                   : h->mode == at(t, ROW_heap_passive) ? "passive"
                   : h->mode == at(t, ROW_heap_checked) ? "checked"
                                                        : "early";
    h->mixed = word_at(t, at(t, ROW_at_heap_mixed)) & 1;
    h->in_use = word_at(t, levels + 8 * at(t, ROW_usage_in_use));
    h->kept_slabs = word_at(t, levels + 8 * at(t, ROW_usage_kept_slabs));
    h->kept_large = word_at(t, levels + 8 * at(t, ROW_usage_kept_large));
    h->idle_strips = field_at(t, at(t, ROW_at_strips), ROW_strips_idle) * at(t, ROW_strip_unit);
    h->metadata = field_at(t, at(t, ROW_at_meta), ROW_meta_mapped);
    h->spans = field_at(t, at(t, ROW_at_arena), ROW_arena_spans);
    h->threads = field_at(t, at(t, ROW_at_threads), ROW_threads_in_use);
    (void)target_read(t, at(t, ROW_at_counters), h->counter, 8 * min_size(counters, MOST_COUNTERS));
    h->startup_live = field_at(t, at(t, ROW_at_startup), ROW_startup_live);
    h->startup_bytes = field_at(t, at(t, ROW_at_startup), ROW_startup_live_units) * at(t, ROW_min_align);
    h->startup_carved = field_at(t, at(t, ROW_at_startup), ROW_startup_next) * at(t, ROW_min_align);
    h->classes = (unsigned)min_size(at(t, ROW_classes), MOST_CLASSES);
    h->lengths = min_size(at(t, ROW_binned), MOST_BINNED);
    uint16_t size[MOST_CLASSES] = {0};
    (void)target_read_file(t, at(t, ROW_at_class_sizes), size, h->classes * sizeof *size);
    for (unsigned c = 1; c < h->classes; c++) {
        h->class[c].size = size[c];
        uint64_t pool = at(t, ROW_at_pools) + c * at(t, ROW_pool_size);
        h->class[c].out = field_at(t, pool, ROW_pool_out);
        h->class_locks += field_at(t, pool, ROW_pool_locks);
    }
}

uint64_t heap_counter(const struct target *t, const struct heap *h, enum row row)
{
    return at(t, row) < MOST_COUNTERS ? h->counter[at(t, row)] : 0;
}

uint64_t heap_live(const struct class_sums *c)
{
    return c->out > c->cached ? c->out - c->cached : 0;
}

uint64_t heap_live_bytes(const struct heap *h)
{
    uint64_t bytes =
        h->startup_bytes + h->large_bytes + h->span_used - min_size(h->span_used, h->shelved_used);
    for (unsigned c = 1; c < h->classes; c++)
        bytes += heap_live(&h->class[c]) * h->class[c].size;
    return bytes;
}

uint64_t heap_cached_bytes(const struct heap *h)
{
    uint64_t bytes = h->shelved_bytes;
    for (unsigned c = 1; c < h->classes; c++)
        bytes += h->class[c].cached * h->class[c].size;
    return bytes;
}

/* --- Thread caches and transfer slots ------------------------------------------------------------*/

/* More than that a magazine never holds: the number was torn, or is damage. */
static uint64_t sane_blocks(uint64_t n)
{
    return n <= UINT16_MAX ? n : 0;
}

/* A span of RUN granules, the first of which has its descriptor at SLAB, lies on a shelf. */
static void add_shelved(struct target *t, struct heap *h, uint64_t slab, uint64_t run, bool resident)
{
    uint64_t size = run << at(t, ROW_granule_shift);
    if (!slab || slab % 8 || !run || run > at(t, ROW_span_granules) || !mapped_at(t, slab))
        return;
    uint64_t base = field_at(t, slab, ROW_slab_base);
    if (!mapped_at(t, base))
        return;
    h->shelved++;
    uint64_t used = min_size(size, round_up(field_at(t, slab, ROW_slab_asked), at(t, ROW_span_page)));
    h->shelved_bytes += size;
    h->shelved_used += used;
    h->shelved_resident += resident ? target_resident_bytes(t, base, base + used) : 0;
}

static void add_shelf(struct target *t, struct heap *h, const char *shelf, bool resident)
{
    uint64_t slab;
    add_shelved(t, h, field(t, shelf, ROW_shelf_latest), field(t, shelf, ROW_shelf_last_run), resident);
    for (uint64_t i = 0; i < at(t, ROW_span_granules) && i < at(t, ROW_shelf_slab) >> 35; i++) {
        memcpy(&slab, shelf + offset_of(t, ROW_shelf_slab) + i * 8, sizeof slab);
        add_shelved(t, h, slab, i + 1, resident);
    }
    h->shelf_taken += field(t, shelf, ROW_shelf_taken);
}

static uint64_t row_end(const struct target *t, enum row field)
{
    return offset_of(t, field) + (at(t, field) >> 32);
}

/* Blocks that the thread freed and that wait to go home: the room they take of what there may be. */
static void add_gathered(struct target *t, struct heap *h, uint64_t gather)
{
    enum { SIZE_MOST = 64 };
    char of[MOST_CLASSES * SIZE_MOST];
    uint64_t size = at(t, ROW_gather_class_size);
    if (!gather || gather % 8 || !mapped_at(t, gather) || size > SIZE_MOST ||
        row_end(t, ROW_gather_room) > size || row_end(t, ROW_gather_most) > size ||
        !target_read(t, gather + offset_of(t, ROW_gather_of), of, h->classes * size))
        return;
    for (unsigned c = 1; c < h->classes; c++) {
        uint64_t room = field(t, of + c * size, ROW_gather_room),
                 most = field(t, of + c * size, ROW_gather_most);
        h->class[c].cached += most > room ? most - room : 0;
    }
}

static const char *cold_of(const struct target *t, const char *tc, uint64_t c)
{
    return tc + offset_of(t, ROW_tcache_cold) + c * at(t, ROW_cold_size);
}

/* Blocks in the list of class C of the cache TC; *POPPED: those that its fill counts. */
static uint64_t listed(const struct target *t, const char *tc, uint64_t c, uint64_t *popped)
{
    unsigned shift = (unsigned)at(t, ROW_fill_shift) & 63;
    int64_t fill =
        (int64_t)field(t, tc + offset_of(t, ROW_tcache_bin) + c * at(t, ROW_bin_size), ROW_bin_fill);
    int64_t n = (fill >> shift) + (int64_t)field(t, cold_of(t, tc, c), ROW_cold_capacity) + 1;
    *popped = (uint64_t)fill & ((UINT64_C(1) << shift) - 1);
    return n > 0 ? sane_blocks((uint64_t)n) : 0;
}

/* The spans in the bins of TC: which ones is known to its thread alone. */
static void add_bins(struct target *t, struct heap *h, const char *tc)
{
    for (uint64_t i = 0; i < h->lengths; i++) {
        uint64_t popped, n = listed(t, tc, at(t, ROW_class_binned) + i, &popped);
        h->binned[i].cached += n;
        h->shelved += n;
        h->shelved_bytes += n * (i + 1) << at(t, ROW_granule_shift);
        h->shelf_taken += popped;
    }
    h->shelf_taken += field(t, tc + offset_of(t, ROW_tcache_shelf), ROW_shelf_popped);
}

/* They count as the average of their length. */
static void count_binned(struct heap *h)
{
    for (uint64_t i = 0; i < h->lengths; i++) {
        const struct span_sums *s = &h->binned[i];
        uint64_t cached = min_size(s->cached, s->count);
        h->shelved_used += s->count ? s->used / s->count * cached : 0;
        h->shelved_resident += s->count ? s->resident / s->count * cached : 0;
    }
}

static void add_cache(struct target *t, struct heap *h, const char *tc, bool ours, bool resident)
{
    for (unsigned c = 1; c < h->classes; c++) {
        const char *cold = cold_of(t, tc, c);
        uint64_t lately, n = listed(t, tc, c, &lately), popped = field(t, cold, ROW_cold_popped) + lately;
        if (ours)
            h->class[c].cached += n + sane_blocks(field(t, cold, ROW_cold_spares));
        h->class[c].popped += popped;
        h->popped += popped;
    }
    h->misses += field(t, tc, ROW_tcache_misses);
    if (ours) {
        add_shelf(t, h, tc + offset_of(t, ROW_tcache_shelf), resident);
        add_bins(t, h, tc);
        add_gathered(t, h, field(t, tc, ROW_tcache_gather));
    }
}

/* Do the arrays of a cache lie within its size? */
static bool cache_fits(const struct target *t, const struct heap *h)
{
    uint64_t size = at(t, ROW_tcache_size), n = max_size(h->classes, at(t, ROW_class_binned) + h->lengths);
    return size <= 1 << 20 && offset_of(t, ROW_tcache_bin) + n * at(t, ROW_bin_size) <= size &&
           at(t, ROW_cold_size) <= size && offset_of(t, ROW_tcache_cold) + n * at(t, ROW_cold_size) <= size &&
           row_end(t, ROW_cold_popped) <= at(t, ROW_cold_size) &&
           row_end(t, ROW_cold_spares) <= at(t, ROW_cold_size) &&
           row_end(t, ROW_cold_capacity) <= at(t, ROW_cold_size) &&
           offset_of(t, ROW_tcache_shelf) + offset_of(t, ROW_shelf_slab) + (at(t, ROW_shelf_slab) >> 32) <=
               size;
}

/* The caches of a list, one after the other in TC. Those that a fork left behind tell only what was done. */
static void read_list(struct target *t, struct heap *h, uint64_t head, char *tc, bool forgotten,
                      bool resident)
{
    uint64_t size = at(t, ROW_tcache_size), link = word_at(t, head + offset_of(t, ROW_list_next));
    /* No more than the descriptors' memory holds: a list that runs in a circle ends there. */
    uint64_t most = min_size(h->metadata / size + 1, CACHES_MOST);
    while (link && link != head && h->caches < most) {
        uint64_t address = link - offset_of(t, ROW_tcache_all);
        if (link % 8 || !mapped_at(t, address) || !target_read(t, address, tc, size)) {
            h->damaged++;
            break;
        }
        add_cache(t, h, tc, !forgotten, resident);
        h->caches++;
        link = word_at(t, link + offset_of(t, ROW_list_next));
    }
    if (link != head && link && h->caches == most)
        h->damaged++;
}

static void read_caches(struct target *t, struct heap *h, bool resident)
{
    uint64_t size = at(t, ROW_tcache_size), threads = at(t, ROW_at_threads);
    if (!cache_fits(t, h))
        return;
    char *tc = need_memory(NULL, size);
    read_list(t, h, threads + offset_of(t, ROW_threads_all), tc, false, resident);
    read_list(t, h, threads + offset_of(t, ROW_threads_forgotten), tc, true, resident);
    h->thread_cache_bytes = h->caches * size;
    free(tc);
}

static void read_slots(struct target *t, struct heap *h)
{
    uint64_t slots = min_size(at(t, ROW_slots), 4096), table = 8 * slots * h->classes;
    uint64_t *slot = need_memory(NULL, table);
    for (uint64_t i = 0; i < at(t, ROW_stripes) && i < 256; i++) {
        uint64_t stripe = word_at(t, at(t, ROW_at_stripes) + 8 * i);
        if (!stripe || stripe % 8 || !mapped_at(t, stripe) ||
            !target_read(t, stripe + offset_of(t, ROW_stripe_slot), slot, table))
            continue;
        for (unsigned c = 1; c < h->classes; c++)
            for (uint64_t k = 0; k < slots; k++)
                h->class[c].cached += sane_blocks(slot[c * slots + k] >> (at(t, ROW_count_shift) & 63));
    }
    free(slot);
}

/* --- Superslabs ----------------------------------------------------------------------------------*/

/* The place of a state among the sums, whatever its number is in the target; STATES if it is none. */
static unsigned state_index(const struct target *t, uint64_t state)
{
    static const enum row rows[STATES] = {ROW_slab_unused, ROW_slab_active, ROW_slab_empty,
                                          ROW_slab_span,   ROW_slab_purge,  ROW_slab_closed};
    unsigned i = 0;
    while (i < STATES && at(t, rows[i]) != state)
        i++;
    return i;
}

/* One slab with RESIDENT bytes. */
static void add_slab(struct target *t, struct heap *h, const char *slab, uint64_t resident)
{
    uint64_t state = field(t, slab, ROW_slab_state), c = field(t, slab, ROW_slab_class);
    uint64_t used = field(t, slab, ROW_slab_used), carved = field(t, slab, ROW_slab_carved);
    uint64_t granule = UINT64_C(1) << at(t, ROW_granule_shift);
    unsigned i = state_index(t, state);
    if (i == STATES) {
        h->damaged++;
        h->account.fragmentation += resident;
        return;
    }
    h->slabs[i]++;
    h->slab_resident[i] += resident;
    if (state == at(t, ROW_slab_active) && c == at(t, ROW_class_startup)) {
        account_slab(&h->account, 1, h->startup_bytes, h->startup_carved, resident);
    } else if (state == at(t, ROW_slab_active) && c && c < h->classes) {
        carved = min_size(carved, granule / h->class[c].size);
        h->class[c].slabs++;
        h->class[c].carved += carved;
        h->class[c].resident += resident;
        uint64_t before = h->account.live;
        account_slab(&h->account, h->class[c].size, min_size(used, carved), carved, resident);
        h->class[c].live_resident += h->account.live - before;
    } else if (state == at(t, ROW_slab_span)) {
        h->span_bytes += granule;
        h->span_resident += resident;
        h->account.live += resident;
    } else if (state == at(t, ROW_slab_unused) || state == at(t, ROW_slab_closed)) {
        h->account.fragmentation += resident;
    } else {
        h->account.retained += resident;
    }
}

/* The span that begins with SLAB, the I-th of its superslab: the granule behind it, and what was asked
 * for. */
static uint64_t add_span(struct target *t, struct heap *h, const char *slab, uint64_t i, uint64_t *used)
{
    uint64_t run = field(t, slab, ROW_slab_run);
    *used = min_size(round_up(field(t, slab, ROW_slab_asked), at(t, ROW_span_page)),
                     run << at(t, ROW_granule_shift));
    h->span_used += *used;
    if (run && run <= h->lengths) {
        h->binned[run - 1].count++;
        h->binned[run - 1].used += *used;
    }
    return i + (run ? run : 1);
}

static void add_superslab(struct target *t, struct heap *h, uint64_t address, const char *ss, bool resident)
{
    static uint8_t there[4096];
    uint64_t granule = UINT64_C(1) << at(t, ROW_granule_shift), size = UINT64_C(1)
                                                                       << at(t, ROW_superslab_shift);
    /* What lies behind the granules that were opened is not mapped, or not the library's. */
    uint64_t mapped = min_size(size, field(t, ss, ROW_superslab_opened) * granule);
    size_t pages = (size_t)(mapped / t->page), each = (size_t)(granule / t->page), total = 0;
    memset(there, 0, sizeof there);
    if (resident && pages <= sizeof there && each)
        total = target_resident(t, address, pages, there);
    for (uint64_t i = 0, span_end = 0, used = 0, run = 0; i < size / granule; i++) {
        uint64_t bytes = 0;
        const char *slab = ss + offset_of(t, ROW_superslab_slab) + i * at(t, ROW_slab_size);
        bool span = field(t, slab, ROW_slab_state) == at(t, ROW_slab_span);
        if (i >= span_end && span) {
            span_end = add_span(t, h, slab, i, &used);
            run = span_end - i;
        }
        for (size_t k = 0; k < each && (i + 1) * each <= sizeof there; k++)
            bytes += there[i * each + k] * t->page;
        add_slab(t, h, slab, bytes);
        if (span) { /* behind the pages that were asked for: nobody's */
            uint64_t beyond = bytes - min_size(bytes, used);
            if (run && run <= h->lengths)
                h->binned[run - 1].resident += bytes - beyond;
            h->account.live -= beyond;
            h->account.fragmentation += beyond;
            used -= min_size(used, granule);
        }
    }
    h->superslabs++;
    add_range(h, address, address + mapped, total * t->page);
}

/* A mapping of a large request: free ones count as retained. */
static void add_large(struct target *t, struct heap *h, uint64_t base, uint64_t size, bool live,
                      bool resident)
{
    size = mapped_size(t, base, size);
    uint64_t bytes = resident ? target_resident_bytes(t, base, base + size) : 0;
    if (live) {
        h->larges++;
        h->large_bytes += size;
        h->large_resident += bytes;
        h->account.live += bytes;
    } else {
        h->cached_larges++;
        h->cached_large_bytes += size;
        h->cached_large_resident += bytes;
        h->account.retained += bytes;
    }
    add_range(h, base, base + size, bytes);
}

/* The strip whose descriptor is at STRIP and that begins at ADDRESS: its units are in a block or free. */
static void add_strip(struct target *t, struct heap *h, uint64_t address, uint64_t strip, bool resident)
{
    static uint8_t there[4096];
    uint64_t unit = at(t, ROW_strip_unit), used[STRIP_WORDS_MOST] = {0}, in_blocks = 0, total = 0;
    uint64_t units = field_at(t, strip, ROW_strip_units),
             size = min_size(at(t, ROW_strip_used) >> 32, sizeof used);
    size_t pages = (size_t)(units * unit / t->page);
    if (!unit || units > size * 8 || pages > sizeof there ||
        !target_read(t, strip + offset_of(t, ROW_strip_used), used, size)) {
        h->damaged++;
        return;
    }
    memset(there, 0, sizeof there);
    if (resident)
        total = target_resident(t, address, pages, there);
    for (uint64_t i = 0; i < units; i++) {
        uint64_t bytes = there[i * unit / t->page] ? unit : 0;
        bool in_use = used[i / 64] >> (i % 64) & 1;
        in_blocks += in_use ? unit : 0;
        h->span_resident += in_use ? bytes : 0;
        *(in_use ? &h->account.live : &h->account.free_in_slabs) += bytes;
    }
    h->spans += field_at(t, strip, ROW_strip_blocks);
    h->span_bytes += in_blocks;
    h->span_used += in_blocks;
    add_range(h, address, address + units * unit, total * t->page);
}

/* The region whose descriptor is at REGION and that begins at ADDRESS. */
static void add_region(struct target *t, struct heap *h, uint64_t address, uint64_t region, char *buffer,
                       bool resident)
{
    if (region % 8 || !mapped_at(t, region) || !mapped_at(t, address)) {
        h->damaged++;
        return;
    }
    uint64_t kind = field_at(t, region, ROW_region_kind);
    if (kind == at(t, ROW_region_superslab) && target_read(t, region, buffer, at(t, ROW_superslab_size)) &&
        field(t, buffer, ROW_superslab_base) == address) {
        add_superslab(t, h, address, buffer, resident);
    } else if (kind == at(t, ROW_region_large)) {
        uint64_t large = region - offset_of(t, ROW_large_region);
        if (field_at(t, large, ROW_large_base) == address)
            add_large(t, h, address, field_at(t, large, ROW_large_size),
                      large != word_at(t, at(t, ROW_at_parked)), resident);
    } else if (kind == at(t, ROW_region_strip)) {
        uint64_t strip = region - offset_of(t, ROW_strip_region);
        if (field_at(t, strip, ROW_strip_base) == address)
            add_strip(t, h, address, strip, resident);
    } else {
        h->damaged++;
    }
}

/* The regions whose COUNT pointers are at TABLE, and whose first address is FROM. Pages of it are mostly
 * untouched: they read as zero without being asked for. */
static void read_regions(struct target *t, struct heap *h, uint64_t table, uint64_t count, uint64_t from,
                         char *buffer, bool resident)
{
    uint64_t region[REGION_BATCH];
    for (uint64_t i = 0; i < count; i += REGION_BATCH) {
        uint64_t n = min_size(REGION_BATCH, count - i);
        if (!target_read(t, table + i * 8, region, n * 8))
            return;
        for (uint64_t k = 0; k < n; k++)
            if (region[k])
                add_region(t, h, from + ((i + k) << at(t, ROW_superslab_shift)), region[k], buffer, resident);
    }
}

static void add_metadata(struct target *t, struct heap *h, uint64_t start, uint64_t size, bool resident)
{
    /* Whole pages: those at the ends belong to neighbours too. */
    uint64_t end = round_down(start + size, t->page), bytes;
    start = round_up(start, t->page);
    bytes = resident ? target_resident_bytes(t, start, end) : 0;
    h->account.metadata += bytes;
    add_range(h, start, end, bytes);
}

static void read_window(struct target *t, struct heap *h, char *buffer, bool resident)
{
    uint64_t first = field_at(t, at(t, ROW_at_window), ROW_window_first);
    uint64_t count = field_at(t, at(t, ROW_at_window), ROW_window_count);
    uint64_t marks = field_at(t, at(t, ROW_at_window), ROW_window_marks);
    uint64_t regions = field_at(t, at(t, ROW_at_window), ROW_window_regions);
    uint64_t granule = at(t, ROW_granule_shift) & 63;
    unsigned shift = (unsigned)(at(t, ROW_superslab_shift) - granule) & 63;
    uint64_t from = first >> shift, most = UINT64_C(1) << (at(t, ROW_branch_shift) & 63);
    if (!count)
        return;
    if (count > most >> granule || !mapped_at(t, marks + first) || !mapped_at(t, regions + from * 8)) {
        h->damaged++;
        return;
    }
    add_metadata(t, h, marks + first, count, resident);
    read_regions(t, h, regions + from * 8, count >> shift, first << granule, buffer, resident);
}

/* The leaves of the branch at BRANCH, whose first address is FROM. They lie among the other descriptors. */
static void read_branch(struct target *t, struct heap *h, uint64_t branch, uint64_t from, char *buffer,
                        bool resident)
{
    uint64_t shift = at(t, ROW_leaf_shift) & 63, count = at(t, ROW_branch_leaf) >> 35;
    for (uint64_t i = 0; i < min_size(count, 65536); i++) {
        uint64_t leaf = word_at(t, branch + offset_of(t, ROW_branch_leaf) + i * 8);
        if (!leaf)
            continue;
        if (leaf % 8 || !mapped_at(t, leaf)) {
            h->damaged++;
            continue;
        }
        read_regions(t, h, leaf + offset_of(t, ROW_leaf_regions), at(t, ROW_leaf_regions) >> 35,
                     from + (i << shift), buffer, resident);
    }
}

static void read_map(struct target *t, struct heap *h, bool resident)
{
    uint64_t count = min_size(at(t, ROW_roots), 65536), *roots = need_memory(NULL, 8 * count);
    char *buffer = need_memory(NULL, at(t, ROW_superslab_size));
    memset(roots, 0, 8 * count);
    read_window(t, h, buffer, resident);
    (void)target_read(t, at(t, ROW_at_roots), roots, 8 * count);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t branch = roots[i];
        if (!branch)
            continue;
        if (branch % 8 || !mapped_at(t, branch))
            h->damaged++;
        else
            read_branch(t, h, branch, i << (at(t, ROW_branch_shift) & 63), buffer, resident);
    }
    free(roots);
    free(buffer);
}

/* --- The rest ------------------------------------------------------------------------------------*/

static void read_cached_larges(struct target *t, struct heap *h, bool resident)
{
    uint64_t head = at(t, ROW_at_larges) + offset_of(t, ROW_larges_cached);
    uint64_t link = word_at(t, head + offset_of(t, ROW_list_next));
    for (int n = 0; link && link != head; n++) {
        if (link % 8 || !mapped_at(t, link) || n == LARGES_CACHED_MOST) {
            h->damaged++;
            return;
        }
        uint64_t large = link - offset_of(t, ROW_large_link), base = field_at(t, large, ROW_large_base);
        uint64_t size = field_at(t, large, ROW_large_size);
        if (base % t->page == 0 && mapped_at(t, base) && !known(h, base))
            add_large(t, h, base, size, false, resident);
        link = word_at(t, link + offset_of(t, ROW_list_next));
    }
}

static void read_chunks(struct target *t, struct heap *h, bool resident)
{
    uint64_t chunk = field_at(t, at(t, ROW_at_meta), ROW_meta_chunks), sum = 0;
    add_metadata(t, h, at(t, ROW_at_first_chunk), at(t, ROW_first_chunk_size), resident);
    while (chunk && sum <= h->metadata) { /* as many bytes as there are: a circle ends */
        uint64_t size = field_at(t, chunk, ROW_chunk_size);
        if (chunk % t->page || !mapped_at(t, chunk) || size % t->page || !size) {
            h->damaged++;
            return;
        }
        size = mapped_size(t, chunk, size);
        if (!known(h, chunk))
            add_metadata(t, h, chunk, size, resident);
        sum += size ? size : 1;
        chunk = field_at(t, chunk, ROW_chunk_next);
    }
    h->damaged += chunk != 0;
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
    read_caches(t, h, resident);
    read_slots(t, h);
    read_chunks(t, h, resident);
    read_map(t, h, resident);
    read_cached_larges(t, h, resident);
    count_binned(h);
    /* A torn or damaged count: no more blocks are out than the slabs hold. */
    for (unsigned c = 1; c < h->classes; c++)
        h->class[c].out =
            min_size(h->class[c].out,
                     h->class[c].slabs * ((UINT64_C(1) << at(t, ROW_granule_shift)) / h->class[c].size));
    account_cached(&h->account, (size_t)h->shelved_resident);
    for (unsigned c = 1; c < h->classes; c++)
        account_cached(&h->account,
                       (size_t)min_size(h->class[c].cached * h->class[c].size, h->class[c].live_resident));
    qsort(h->ranges, h->range_count, sizeof *h->ranges, by_start);
}

void heap_free(struct heap *h)
{
    free(h->ranges);
    h->ranges = NULL;
}
