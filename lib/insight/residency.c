/* SPDX-License-Identifier: MIT */
/* insight/residency.c - which of the memory the library holds is resident, and whose it is. */
#include "insight/residency.h"

#include "memory/large.h"
#include "base/meta.h"
#include "base/os.h"
#include "memory/strip.h"
#include "memory/superslab.h"
#include "cache/startup.h"

enum {
    PAGE_LEAST = 4096,
    ASKED = SUPERSLAB, /* bytes to ask about in one call */
    RANGES_MOST = 64   /* cached mappings to look at; large.c keeps fewer */
};

/* Resident bytes of the SIZE bytes at ADDR. A page at either end may hold something else, too: of it only
 * what lies between ADDR and its end counts. */
static size_t resident_in(const void *addr, size_t size)
{
    unsigned char pages[ASKED / PAGE_LEAST];
    size_t page = os_page_size(), bytes = 0;
    uintptr_t from = (uintptr_t)addr, to = from + size;
    for (uintptr_t at = round_down(from, page); at < to; at += ASKED) {
        size_t asked = min_size(ASKED, round_up(to, page) - at);
        os_residency((void *)at, asked, pages);
        for (size_t i = 0; i < asked / page; i++) {
            uintptr_t low = max_size(from, at + i * page), high = min_size(to, at + (i + 1) * page);
            bytes += pages[i] ? high - low : 0;
        }
    }
    return bytes;
}

static void add_startup(struct account *a, size_t resident)
{
    size_t bytes;
    (void)startup_live(&bytes);
    account_slab(a, 1, bytes, bytes, resident);
}

/* Granule N of the span that begins with FIRST. What lies behind the pages that were asked for is nobody's:
 * the program never had them, and no cache gives them to another. */
static void add_span(struct account *a, bool live, const struct slab *first, unsigned n, size_t resident)
{
    size_t before = (size_t)n << GRANULE_SHIFT, usable = span_usable(first);
    size_t used = min_size(resident, usable > before ? usable - before : 0);
    *(live ? &a->live : &a->cached) += used;
    a->fragmentation += resident - used;
}

/* Add the slab or span that begins with granule I of SS: its number of granules. RESIDENT[i]: bytes of
 * granule i. No lock: a slab may change its state, class or run while it is read, and is then put down under
 * the wrong heading, once. That harms nothing: each field is one aligned word or less, a descriptor is never
 * unmapped, and `run` is bounded by the superslab whatever it says. */
static NO_TSAN unsigned add_granule(struct account *a, const struct superslab *ss, const uint8_t *base,
                                    unsigned i, const size_t *resident)
{
    const struct slab *slab = &ss->slab[i];
    unsigned run = slab->run, n = 1;
    switch ((enum slab_state)slab->state) {
    case SLAB_ACTIVE:
        if (slab->size_class == CLASS_STARTUP)
            add_startup(a, resident[i]);
        else
            account_slab(a, class_size(slab->size_class), slab->used, slab->carved, resident[i]);
        break;
    case SLAB_SPAN:
        for (n = 0; n == 0 || (n < run && i + n < GRANULES); n++)
            add_span(a, class_is_span(classmap_get(base + i * (size_t)GRANULE)), slab, n, resident[i + n]);
        break;
    case SLAB_EMPTY:
    case SLAB_PURGE: a->retained += resident[i]; break;
    default: a->fragmentation += resident[i]; break; /* never used, and part of a huge page */
    }
    return n;
}

/* What lies behind is not mapped, or not by us. One byte that only grows while SS is mapped; of one that is
 * just being unmapped the system says that nothing is resident. */
static NO_TSAN size_t opened_bytes(const struct superslab *ss)
{
    return (size_t)ss->opened << GRANULE_SHIFT;
}

static void add_superslab(struct account *a, const struct superslab *ss, const uint8_t *base)
{
    unsigned char pages[SUPERSLAB / PAGE_LEAST];
    size_t page = os_page_size(), opened = opened_bytes(ss), resident[GRANULES] = {0};
    os_residency((void *)(uintptr_t)base, opened, pages);
    for (size_t i = 0; i < opened / page; i++)
        resident[i * page >> GRANULE_SHIFT] += pages[i] ? page : 0;
    for (unsigned i = 0; i < GRANULES;)
        i += add_granule(a, ss, base, i, resident);
}

/* A unit of a strip is in a block or free; its pages are known one by one. */
static void add_strip(struct account *a, const struct region *region, const char *base)
{
    unsigned char pages[SUPERSLAB / PAGE_LEAST];
    uint64_t used[STRIP_UNITS / 64];
    size_t page = os_page_size(), size = strip_used(region, base, used);
    if (!size)
        return; /* it has gone meanwhile */
    os_residency((void *)(uintptr_t)base, size, pages);
    for (size_t i = 0; i < size / STRIP_UNIT; i++) {
        size_t resident = pages[i * STRIP_UNIT / page] ? STRIP_UNIT : 0;
        *(used[i / 64] >> (i % 64) & 1 ? &a->live : &a->free_in_slabs) += resident;
    }
}

static void add_large(struct account *a, const struct region *region, const char *base)
{
    struct large_range range = large_range(region);
    if (range.base != base)
        return; /* it moved meanwhile */
    size_t resident = resident_in(range.base, range.size);
    *(classmap_get(range.base) == CLASS_LARGE ? &a->live : &a->retained) += resident;
}

static void add_metadata(const void *base, size_t size, void *arg)
{
    struct account *a = arg;
    a->metadata += resident_in(base, size);
}

void residency_get(struct account *out, size_t cached)
{
    struct large_range kept[RANGES_MOST];
    struct region *region;
    *out = (struct account){0};
    for (uintptr_t at = 0; (region = classmap_next(&at)) != NULL; at += SUPERSLAB)
        if (region->kind == REGION_SUPERSLAB)
            add_superslab(out, CONTAINER_OF(region, struct superslab, region), (const uint8_t *)at);
        else if (region->kind == REGION_STRIP)
            add_strip(out, region, (const char *)at);
        else
            add_large(out, region, (const char *)at);
    account_cached(out, cached);
    for (unsigned n = large_cached(kept, RANGES_MOST); n-- > 0;)
        out->retained += resident_in(kept[n].base, kept[n].size);
    meta_each(add_metadata, out);
    classmap_each(add_metadata, out);
}
