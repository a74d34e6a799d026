/* SPDX-License-Identifier: MIT */
/* insight/census.c - what a heap holds, added up from its structures. */
#include "insight/census.h"

NO_TSAN void census_past(struct census *c, const struct tcache *tc)
{
    for (unsigned i = 1; i < CLASSES; i++)
        c->of[i].popped += tcache_popped(tc, i);
    c->misses += tc->misses;
    c->shelf_taken += shelf_taken(tc);
}

NO_TSAN void census_cache(struct census *c, const struct tcache *tc)
{
    census_past(c, tc);
    for (unsigned i = 1; i < CLASSES; i++)
        c->of[i].cached += tcache_blocks(tc, i);
    c->shelved += shelf_spans(tc);
    c->shelved_bytes += shelf_bytes(tc);
    for (unsigned i = 0; i < BINNED; i++)
        c->binned[i] += tcache_listed(tc, CLASS_BINNED + i);
}

void census_stripe(struct census *c, const struct stripe *stripe)
{
    for (unsigned i = 1; i < CLASSES; i++)
        c->of[i].cached += stripe_blocks(stripe, i);
}

NO_TSAN void census_spans(struct census *c, const struct superslab *ss, const class_byte marks[GRANULES])
{
    for (unsigned i = 0; i < GRANULES; i++) {
        unsigned class = load_relaxed(&marks[i]) / CLASS_MARK;
        if (!class_is_span(class))
            continue;
        struct span_sum *sum = &c->span[class == CLASS_SPAN ? BINNED : class - CLASS_BINNED];
        sum->count++;
        sum->bytes += span_usable(&ss->slab[i]);
    }
}

/* Bytes asked for of the spans in use. Of those in bins the number is known, of the calling thread's the
 * bytes, too: others count as the average of their length. */
static void end_spans(struct census *c)
{
    c->live_span_bytes = c->span[BINNED].bytes;
    for (unsigned i = 0; i < BINNED; i++) {
        const struct span_sum *all = &c->span[i], *own = &c->own[i];
        size_t others = all->count - min_size(all->count, own->count);
        size_t bytes = all->bytes - min_size(all->bytes, own->bytes);
        size_t cached = min_size(others, c->binned[i] - min_size(c->binned[i], own->count));
        c->live_span_bytes += cached < others ? bytes - bytes / others * cached : 0;
        c->in_bins[i] = cached;
    }
}

void census_end(struct census *c)
{
    for (unsigned i = 1; i < CLASSES; i++) {
        struct census_class *of = &c->of[i];
        of->live = of->out > of->cached ? of->out - of->cached : 0;
        c->all.live += of->live;
        c->all.cached += of->cached;
        c->all.free += of->free;
        c->live_bytes += of->live * class_size(i);
        c->cached_bytes += of->cached * class_size(i);
        c->free_bytes += of->free * class_size(i);
        c->popped += of->popped;
    }
    end_spans(c);
    c->taken = c->counter[COUNT_SPAN_ALLOCS] + c->shelf_taken;
    c->shelved_bytes = min_size(c->granules.span, c->shelved_bytes);
    c->shelved = min_size(c->granules.spans, c->shelved);
    c->live_span_bytes = min_size(c->live_span_bytes, c->granules.span - c->shelved_bytes);
}

/* --- Where it lies ---------------------------------------------------------------------------------*/

static void add_blocks(struct residents *r, unsigned class, size_t used, size_t carved, size_t resident)
{
    size_t before = r->account.live;
    carved = min_size(carved, class_blocks(class));
    account_slab(&r->account, class_size(class), min_size(used, carved), carved, resident);
    r->of[class].slabs++;
    r->of[class].carved += carved;
    r->of[class].resident += resident;
    r->of[class].live += r->account.live - before;
}

/* Granule N of the span that begins with FIRST, whose class byte says CLASS. What lies behind the pages that
 * were asked for is nobody's. */
static void add_span(struct residents *r, const struct slab *first, unsigned class, unsigned n,
                     size_t resident)
{
    size_t before = (size_t)n << GRANULE_SHIFT, usable = span_usable(first);
    size_t used = min_size(resident, usable > before ? usable - before : 0);
    *(class_is_span(class) ? &r->account.live : &r->account.cached) += used;
    if (class_is_binned(class))
        r->binned[class - CLASS_BINNED] += used;
    r->account.fragmentation += resident - used;
}

static NO_TSAN void add_granule(struct residents *r, const struct census *c, const struct slab *slab,
                                size_t resident)
{
    unsigned class = slab->size_class;
    switch ((enum slab_state)slab->state) {
    case SLAB_ACTIVE:
        if (class == CLASS_STARTUP)
            account_slab(&r->account, 1, c->startup.bytes, c->startup.carved, resident);
        else if (class && class < CLASSES)
            add_blocks(r, class, slab->used, slab->carved, resident);
        else
            r->account.retained += resident;
        break;
    case SLAB_EMPTY:
    case SLAB_PURGE: r->account.retained += resident; break;
    default: r->account.fragmentation += resident; break; /* never used, and part of a huge page */
    }
}

NO_TSAN void census_superslab(struct residents *r, const struct census *c, const struct superslab *ss,
                              const class_byte *marks, const size_t resident[GRANULES])
{
    const struct slab *first = NULL; /* of the span that granule i belongs to */
    for (unsigned i = 0, end = 0; i < GRANULES; i++) {
        const struct slab *slab = &ss->slab[i];
        unsigned state = slab->state;
        if (state >= SLAB_STATES) {
            r->damaged++;
            r->account.fragmentation += resident[i];
            continue;
        }
        r->state[state]++;
        r->state_resident[state] += resident[i];
        if (state != SLAB_SPAN) {
            add_granule(r, c, slab, resident[i]);
            continue;
        }
        if (i >= end) {
            first = slab;
            end = i + (slab->run ? slab->run : 1);
            r->spans++;
        }
        unsigned begin = (unsigned)(first - ss->slab);
        add_span(r, first, load_relaxed(&marks[begin]) / CLASS_MARK, i - begin, resident[i]);
    }
}

void census_strip(struct residents *r, const unit_map used, size_t size, const uint8_t *there, size_t page)
{
    for (unsigned i = 0; i < size / STRIP_UNIT; i++) {
        size_t resident = there[i * (size_t)STRIP_UNIT / page] ? STRIP_UNIT : 0;
        *(unit_bit(used, i) ? &r->account.live : &r->account.free_in_slabs) += resident;
    }
}

void census_guards(struct residents *r, size_t bytes, size_t resident)
{
    r->account.live += min_size(bytes, resident);
    r->account.fragmentation += resident - min_size(bytes, resident);
}

void census_settle(struct residents *r, const struct census *c)
{
    for (unsigned i = 1; i < CLASSES; i++)
        account_cached(&r->account, min_size(c->of[i].cached * class_size(i), r->of[i].live));
    for (unsigned i = 0; i < BINNED; i++) {
        size_t count = c->span[i].count, cached = min_size(count, c->in_bins[i] + c->own[i].count);
        account_cached(&r->account, count ? r->binned[i] / count * cached : 0);
    }
}
