/* SPDX-License-Identifier: MIT */
/* damage.c - ruins what hakmem explain reads of this process, then waits (target of damaged.sh).
 *
 * It finds its own structures as the command does: by the rows of hak_layout. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows.h"

static uint64_t *word(uint64_t address)
{
    return (uint64_t *)(uintptr_t)address;
}

static uint32_t *half(uint64_t address)
{
    return (uint32_t *)(uintptr_t)address;
}

/* The pointers of the regions in the window; their number. */
static uint64_t *regions(uint64_t *count)
{
    unsigned shift = row("SUPERSLAB_SHIFT") - row("GRANULE_SHIFT");
    uint64_t first = *half(row("&classmap_window") + offset("window.first")) >> shift;
    *count = *half(row("&classmap_window") + offset("window.count")) >> shift;
    return word(*word(row("&classmap_window") + offset("window.regions")) + first * 8);
}

/* First region of KIND, its descriptor. */
static uint64_t region(const char *kind)
{
    uint64_t count, *at = regions(&count);
    for (uint64_t i = 0; i < count; i++)
        if (at[i] && (*word(at[i]) & UINT32_MAX) == row(kind))
            return at[i];
    dprintf(2, "no region\n");
    _exit(2);
}

static void ruin(const char *what, uint64_t wild)
{
    uint64_t caches = row("&threads.all"), cache = *word(caches) - offset("tcache.all");
    uint64_t ss, slab, count, *window = regions(&count);
    if (strcmp(what, "cache-circle") == 0) {
        *word(cache + offset("tcache.all")) = cache + offset("tcache.all");
    } else if (strcmp(what, "cache-wild") == 0) {
        *word(cache + offset("tcache.all")) = wild;
    } else if (strcmp(what, "cache-noise") == 0) {
        for (uint64_t i = 0; i < row("sizeof tcache") / 8; i++)
            if (i != offset("tcache.all") / 8)
                word(cache)[i] = wild * (i + 1);
    } else if (strcmp(what, "large-circle") == 0) {
        uint64_t link = region("REGION_LARGE") + offset("large.link");
        *word(row("&larges.cached")) = link;
        *word(link) = link;
    } else if (strcmp(what, "large-size") == 0) {
        *word(region("REGION_LARGE") + offset("large.size")) = UINT64_C(1) << 60;
    } else if (strcmp(what, "chunk-circle") == 0) {
        uint64_t chunk = *word(row("&meta.chunks"));
        *word(chunk + offset("meta_chunk.next")) = chunk;
    } else if (strcmp(what, "chunk-wild") == 0) {
        *word(row("&meta.chunks")) = wild;
    } else if (strcmp(what, "region-wild") == 0) {
        for (uint64_t i = 0; i < count; i += 10)
            window[i] = wild * (i + 1);
    } else if (strcmp(what, "root-wild") == 0) {
        for (uint64_t i = 0; i < row("ROOTS"); i += 3)
            word(row("&classmap_roots"))[i] = wild + i * 8;
    } else if (strcmp(what, "slabs") == 0) {
        ss = region("REGION_SUPERSLAB");
        for (slab = 1; slab < 20; slab++)
            memset(word(ss + offset("superslab.slab") + slab * row("sizeof slab") + offset("slab.state")),
                   0xff, 16);
    } else if (strcmp(what, "slots") == 0) {
        memset(word(*word(row("&stripes")) + offset("stripe.slot")), 0xee, row("CLASSES") * row("SLOTS") * 8);
    } else if (strcmp(what, "counts") == 0) {
        for (uint64_t c = 1; c < row("CLASSES"); c++)
            *word(row("&pools") + c * row("sizeof pool") + offset("pool.out")) = UINT64_MAX - c;
        *half(row("&classmap_window") + offset("window.count")) = (uint32_t)wild;
        *word(row("&heap_mode")) = 77;
    } else if (strcmp(what, "nothing") != 0) {
        dprintf(2, "unknown damage\n");
        _exit(2);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    for (int i = 0; i < 60000; i++) /* so much that there are several chunks */
        memset(malloc(1000), 1, 1000);
    memset(malloc(3 << 20), 1, 3 << 20);
    ruin(argv[1], strtoull(argv[2], NULL, 0));
    (void)!write(1, "ruined\n", 7);
    for (;;)
        pause();
}
