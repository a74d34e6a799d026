/* SPDX-License-Identifier: MIT */
/* insight/residency.c - which of the memory the library holds is resident, and whose it is. */
#include "insight/residency.h"

#include "base/meta.h"
#include "base/os.h"
#include "memory/large.h"
#include "memory/strip.h"
#include "memory/superslab.h"

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

/* What lies behind is not mapped, or not by us. */
static NO_TSAN size_t opened_bytes(const struct superslab *ss)
{
    return (size_t)ss->opened << GRANULE_SHIFT;
}

static void add_superslab(struct residents *r, const struct census *c, const struct superslab *ss,
                          const uint8_t *base)
{
    unsigned char pages[SUPERSLAB / PAGE_LEAST];
    size_t page = os_page_size(), opened = opened_bytes(ss), resident[GRANULES] = {0};
    os_residency((void *)(uintptr_t)base, opened, pages);
    for (size_t i = 0; i < opened / page; i++)
        resident[i * page >> GRANULE_SHIFT] += pages[i] ? page : 0;
    census_superslab(r, c, ss, classmap_mark(base), resident);
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

static void add_strip(struct residents *r, const struct region *region, const char *base)
{
    unsigned char pages[SUPERSLAB / PAGE_LEAST];
    unit_map used;
    size_t size = strip_used(region, base, used);
    if (!size)
        return; /* it has gone meanwhile */
    os_residency((void *)(uintptr_t)base, size, pages);
    census_strip(r, used, size, pages, os_page_size());
}

static void add_guards(struct residents *r, const struct census *c, const char *base)
{
    census_guards(r, c->guard.bytes, resident_in(base, c->guard.mapped));
}

void residency_get(struct account *out, const struct census *c)
{
    struct large_range kept[RANGES_MOST];
    struct residents r = {0};
    struct region *region;
    for (uintptr_t at = 0; (region = classmap_next(&at)) != NULL; at += SUPERSLAB)
        if (region->kind == REGION_SUPERSLAB)
            add_superslab(&r, c, CONTAINER_OF(region, struct superslab, region), (const uint8_t *)at);
        else if (region->kind == REGION_STRIP)
            add_strip(&r, region, (const char *)at);
        else if (region->kind == REGION_GUARD)
            add_guards(&r, c, (const char *)at);
        else
            add_large(&r.account, region, (const char *)at);
    census_settle(&r, c);
    *out = r.account;
    for (unsigned n = large_cached(kept, RANGES_MOST); n-- > 0;)
        out->retained += resident_in(kept[n].base, kept[n].size);
    meta_each(add_metadata, out);
    classmap_each(add_metadata, out);
}
