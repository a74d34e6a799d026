/* SPDX-License-Identifier: MIT */
/* slab.c - one granule of 64 KiB cut into blocks of one class (floor F4). */
#include "slab.h"

#include <string.h>

const struct block block_end = {NULL, 0};
uint64_t block_key = 0x9e3779b97f4a7c15; /* until init.c sets the real one */

enum { CARVE_PAGE = 4096 };

void slab_start(struct slab *slab, unsigned size_class, bool fresh)
{
    slab->size_class = (uint8_t)size_class;
    slab->fresh = fresh;
    slab->trimming = slab->trimmed = false;
    slab->used = slab->carved = 0;
    slab->total = (uint16_t)(size_class < CLASSES ? class_blocks(size_class) : 0);
    slab->first_word = SLAB_WORDS;
    memset(slab->free_bits, 0, sizeof(uint64_t) * ((slab->total + 63u) / 64));
}

/* Blocks to carve now: as many as end on the page that the next block ends on, so that pages
 * nobody needs stay untouched. */
static unsigned carve_limit(const struct slab *slab, size_t size)
{
    size_t end = round_up((slab->carved + 1) * size, CARVE_PAGE);
    unsigned n = (unsigned)(end / size) - slab->carved;
    unsigned left = (unsigned)slab->total - slab->carved;
    return n < left ? n : left;
}

static void link_block(struct magazine *mag, struct slab *slab, unsigned i, size_t size)
{
    struct block *b = (struct block *)(slab->base + i * size);
    block_link(b, mag->head, block_key);
    mag->head = b;
    mag->count++;
}

void slab_take(struct slab *slab, unsigned want, struct magazine *mag, bool *untouched)
{
    size_t size = class_size(slab->size_class);
    unsigned words = (slab->total + 63u) / 64, before = mag->count;
    for (unsigned w = slab->first_word; w < words && want; w++) {
        uint64_t bits = slab->free_bits[w];
        for (; bits && want; bits &= bits - 1, want--)
            link_block(mag, slab, w * 64 + (unsigned)__builtin_ctzll(bits), size);
        slab->free_bits[w] = bits;
        slab->first_word = (uint16_t)(bits ? w : w + 1);
    }
    *untouched = *untouched && mag->count == before && slab->fresh;
    if (mag->count == before) {
        unsigned n = carve_limit(slab, size);
        n = n < want ? n : want;
        for (unsigned i = n; i-- > 0;) /* the lowest ends up in front */
            link_block(mag, slab, slab->carved + i, size);
        slab->carved = (uint16_t)(slab->carved + n);
    }
    slab->used = (uint16_t)(slab->used + mag->count - before);
}

/* Index of the block that begins at P, or -1. */
static int index_of(const struct slab *slab, const void *p)
{
    uint32_t offset = (uint32_t)((const uint8_t *)p - slab->base);
    uint64_t product = (uint64_t)offset * class_magic(slab->size_class);
    if ((uint32_t)product >= MAGIC_LIMIT)
        return -1;
    return (int)(product >> 32);
}

enum slab_verdict slab_inspect(const struct slab *slab, const void *p)
{
    int i = slab->state == SLAB_ACTIVE ? index_of(slab, p) : -1;
    if (i < 0 || i >= slab->carved)
        return SLAB_NOT_A_BLOCK;
    return slab->free_bits[i / 64] >> (i % 64) & 1 ? SLAB_IS_FREE : SLAB_OK;
}

enum slab_verdict slab_put(struct slab *slab, const void *p)
{
    int index = slab->state == SLAB_ACTIVE ? index_of(slab, p) : -1;
    if (UNLIKELY(index < 0 || index >= slab->carved))
        return SLAB_NOT_A_BLOCK;
    unsigned word = (unsigned)index / 64;
    uint64_t bit = 1ull << (index % 64);
    if (UNLIKELY(slab->free_bits[word] & bit))
        return SLAB_IS_FREE;
    slab->free_bits[word] |= bit;
    if (word < slab->first_word)
        slab->first_word = (uint16_t)word;
    slab->used--;
    slab->trimmed = false;
    return SLAB_OK;
}

/* What the program writes to its blocks meanwhile does not matter: it does not know the key. */
NO_TSAN void slab_live(const struct slab *slab, uint64_t live[SLAB_WORDS])
{
    size_t size = class_size(slab->size_class);
    memset(live, 0, sizeof(uint64_t) * SLAB_WORDS);
    for (unsigned i = 0; i < slab->carved; i++) {
        const struct block *b = (const struct block *)(slab->base + i * size);
        if (!(slab->free_bits[i / 64] >> (i % 64) & 1) && !block_linked(b, block_key))
            live[i / 64] |= 1ull << (i % 64);
    }
}

NO_TSAN unsigned slab_class(const struct slab *slab)
{
    return slab->size_class;
}

unsigned slab_free_count(const struct slab *slab)
{
    unsigned n = 0;
    for (unsigned w = 0; w < (slab->total + 63u) / 64; w++)
        n += (unsigned)__builtin_popcountll(slab->free_bits[w]);
    return n;
}

unsigned slab_free_pages(const struct slab *slab, size_t page, struct page_run runs[SLAB_PAGE_RUNS])
{
    size_t size = class_size(slab->size_class), from = 0;
    unsigned n = 0;
    for (unsigned i = 0; i <= slab->carved; i++) {
        if (i < slab->carved && (slab->free_bits[i / 64] >> (i % 64) & 1))
            continue;
        /* Block i is in use, or the first that was never handed out: there the run ends, but for
         * a slab whose rest is dirty from an earlier life. */
        bool rest = i == slab->carved && !slab->fresh;
        size_t begin = round_up(from, page), end = rest ? GRANULE : round_down(i * size, page);
        if (begin < end && n < SLAB_PAGE_RUNS)
            runs[n++] = (struct page_run){(uint32_t)begin, (uint32_t)end};
        from = (i + 1) * size;
    }
    return n;
}
