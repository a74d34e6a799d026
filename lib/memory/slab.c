/* SPDX-License-Identifier: MIT */
/* memory/slab.c - one granule of 64 KiB cut into blocks of one class. */
#include "memory/slab.h"

#include <string.h>

#include "events/fault.h"
#include "memory/classmap.h"

const struct block block_end = {NULL, 0};
uint64_t block_key = 0x9e3779b97f4a7c15; /* until init.c sets the real one */

enum { CARVE_PAGE = 4096 };

/* A block that is in a chain twice was handed out when it came up first: that cleared its check and left its
 * link. Where the program has not written there since, this can hardly be anything else. What it wrote there
 * may as well have been written after a single free. */
void slab_damaged_link(const struct block *b, unsigned size_class, const char *function)
{
    const struct block *next = b->next;
    uint32_t magic = class_is_binned(size_class) ? BINNED_MAGIC : class_magic(size_class);
    bool was_link = next == BLOCK_END ||
                    (classmap_get(next) == size_class && (uint16_t)(uintptr_t)next * magic < MAGIC_LIMIT);
    fault_report(b->check == 0 && was_link ? FAULT_DOUBLE_FREE : FAULT_DAMAGED_LIST, function, b);
}

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

/* The lowest N bits of BITS, which has more. */
static uint64_t lowest_bits(uint64_t bits, unsigned n)
{
    uint64_t rest = bits;
    while (n--)
        rest &= rest - 1;
    return bits ^ rest;
}

/* Take up to WANT blocks that were freed. */
static void take_freed(struct slab *slab, size_t size, unsigned want, struct pieces *to)
{
    unsigned words = (slab->total + 63u) / 64, w = slab->first_word;
    for (; w < words && want && to->n < PIECES; w++) {
        uint64_t bits = slab->free_bits[w];
        unsigned n = (unsigned)__builtin_popcountll(bits);
        if (n == 0)
            continue;
        if (n > want)
            bits = lowest_bits(bits, n = want);
        to->piece[to->n++] = (struct piece){slab->base + (size_t)w * 64 * size, bits, n};
        to->blocks += n;
        want -= n;
        slab->free_bits[w] ^= bits;
        if (slab->free_bits[w])
            break;
    }
    slab->first_word = (uint16_t)w;
}

void slab_take(struct slab *slab, unsigned want, bool many, struct pieces *to)
{
    size_t size = class_size(slab->size_class);
    unsigned before = to->blocks;
    take_freed(slab, size, want, to);
    to->untouched = to->untouched && to->blocks == before && slab->fresh;
    if (to->blocks == before) {
        unsigned n = many ? (unsigned)slab->total - slab->carved : carve_limit(slab, size);
        n = n < want ? n : want;
        to->piece[to->n++] = (struct piece){slab->base + slab->carved * size, 0, n};
        to->blocks += n;
        slab->carved = (uint16_t)(slab->carved + n);
    }
    slab->used = (uint16_t)(slab->used + to->blocks - before);
}

/* Link B behind LAST. */
static ALWAYS_INLINE struct block *append(struct block *last, void *b, uint64_t key)
{
    block_link(last, b, key);
    return b;
}

struct magazine slab_link(const struct pieces *from, unsigned size_class)
{
    struct block front, *last = &front;
    size_t size = class_size(size_class);
    uint64_t key = block_key;
    for (unsigned i = 0; i < from->n; i++) {
        const struct piece *p = &from->piece[i];
        uint8_t *b = p->base, *end = b + p->count * size;
        if (p->bits == 0 || p->bits == UINT64_MAX)
            for (; b != end; b += size)
                last = append(last, b, key);
        else
            for (uint64_t bits = p->bits; bits; bits &= bits - 1)
                last = append(last, b + (size_t)(unsigned)__builtin_ctzll(bits) * size, key);
    }
    block_link(last, BLOCK_END, key);
    return (struct magazine){front.next, from->blocks};
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

enum slab_verdict slab_put(struct slab *slab, unsigned word, uint64_t mask)
{
    unsigned last = word * 64 + 63 - (unsigned)__builtin_clzll(mask);
    if (UNLIKELY(slab->state != SLAB_ACTIVE || last >= slab->carved))
        return SLAB_NOT_A_BLOCK;
    if (UNLIKELY(slab->free_bits[word] & mask))
        return SLAB_IS_FREE;
    slab->free_bits[word] |= mask;
    if (word < slab->first_word)
        slab->first_word = (uint16_t)word;
    slab->used = (uint16_t)(slab->used - (unsigned)__builtin_popcountll(mask));
    slab->trimmed = false;
    return SLAB_OK;
}

/* The first words of blocks that the program is using are read while it may write to them. Whatever it
 * writes, also half of it, is no sound link: it does not know the key. The bits are under the lock that the
 * caller has. */
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

/* One byte, and only where to look next: the caller takes the lock of that class and asks again
 * (granules_serve). */
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
