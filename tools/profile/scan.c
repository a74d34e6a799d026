/* SPDX-License-Identifier: MIT */
/* profile/scan.c - does anything in a process point to these blocks?
 *
 * Any word that is an address in a block, or just behind it, counts as a pointer to it, wherever it lies: so what
 * is found to be unreachable is, but for pointers that are hidden (as offsets, or exclusive-or'ed), or that lie in a
 * register only. Of a leaked list the first one is found, as the others are pointed to. */
#include "profile/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/meta.h"
#include "common/say.h"

enum { CHUNKS_MOST = 1 << 16, PIECE = 1 << 20, OWN_MOST = 4096 };

/* Ranges that are not looked through: the library's descriptors and records, which know all blocks. */
struct own {
    struct {
        uint64_t start, end;
    } range[OWN_MOST];
    size_t count;
};

static int by_start(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

void blocks_take(struct blocks *b, const struct tables *a, uint64_t before_ms)
{
    *b = (struct blocks){.of = need_memory(NULL, a->live_count * sizeof *b->of)};
    for (size_t i = 1; i < a->live_count; i++) {
        const struct sample *l = &a->live[i];
        if (l->address && l->at_ms < before_ms && l->site && l->site < a->sites_count &&
            l->size < UINT64_C(1) << 47)
            b->of[b->count++] = (struct wanted){l->address, l->address + l->size, l->at_ms, l->site, false};
    }
    if (b->count)
        qsort(b->of, b->count, sizeof *b->of, by_start);
}

void blocks_free(struct blocks *b)
{
    free(b->of);
    *b = (struct blocks){0};
}

/* A word VALUE was met at ADDRESS. */
static void meet(struct blocks *b, uint64_t value, uint64_t address)
{
    size_t low = 0, high = b->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (b->of[middle].start <= value)
            low = middle + 1;
        else
            high = middle;
    }
    struct wanted *found = low ? &b->of[low - 1] : NULL;
    if (found && value <= found->end && (address < found->start || address >= found->end))
        found->seen = true;
}

void block_meet(struct blocks *b, uint64_t value)
{
    meet(b, value, 0);
}

/* --- What is the library's own -------------------------------------------------------------------*/

static void add_own(struct own *own, uint64_t start, uint64_t size)
{
    if (start && size && own->count < OWN_MOST) {
        own->range[own->count].start = start;
        own->range[own->count++].end = start + size;
    }
}

static void find_own(struct own *own, struct target *t, const struct tables *a)
{
    const struct samples *s = &a->head;
    struct meta_chunk chunk;
    add_own(own, at(t, ROW_samples), sizeof *s);
    add_own(own, at(t, ROW_first_chunk), at(t, ROW_first_chunk_size));
    add_own(own, (uintptr_t)s->live, (uint64_t)s->live_most * sizeof *s->live);
    add_own(own, (uintptr_t)s->freed, SAMPLE_FREED * sizeof *s->freed);
    uint64_t link = word_at(t, at(t, ROW_meta_chunks));
    for (unsigned n = 0; link && n < CHUNKS_MOST && target_read(t, link, &chunk, sizeof chunk); n++) {
        add_own(own, link, chunk.size);
        link = (uintptr_t)chunk.next;
    }
}

/* Where the first range of OWN that ends behind FROM begins, and its *END; TO if none does before that. */
static uint64_t next_own(const struct own *own, uint64_t from, uint64_t to, uint64_t *end)
{
    uint64_t first = to;
    for (size_t i = 0; i < own->count; i++)
        if (own->range[i].end > from && own->range[i].start < first) {
            first = own->range[i].start;
            *end = own->range[i].end;
        }
    return first;
}

/* --- Memory --------------------------------------------------------------------------------------*/

static void seek_range(struct blocks *b, struct target *t, uint64_t start, uint64_t end)
{
    static uint64_t piece[PIECE / sizeof(uint64_t)];
    if (!b->count)
        return;
    uint64_t least = b->of[0].start, most = b->of[b->count - 1].end;
    for (uint64_t from = (start + 7) & ~UINT64_C(7); from + 8 <= end;) {
        size_t size = end - from < PIECE ? (size_t)(end - from) & ~(size_t)7 : PIECE;
        if (!target_read(t, from, piece, size))
            memset(piece, 0, size);
        for (size_t i = 0; i < size / 8; i++)
            if (piece[i] >= least && piece[i] <= most)
                meet(b, piece[i], from + i * 8);
        b->read += size;
        from += size;
    }
}

static bool is_device(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0 &&
           strncmp(path, "/dev/zero", 9) != 0;
}

void blocks_seek(struct blocks *b, struct target *t, const struct tables *a)
{
    static struct own own;
    own.count = 0;
    find_own(&own, t, a);
    for (size_t i = 0; i < t->maps.count; i++) {
        const struct vma *v = &t->maps.vma[i];
        uint64_t from = v->start, end = v->end;
        if (v->perms[0] != 'r' || v->perms[1] != 'w' || is_device(v->path))
            continue;
        while (from < v->end) {
            uint64_t stop = next_own(&own, from, v->end, &end);
            seek_range(b, t, from, stop);
            from = stop < v->end ? end : v->end;
        }
    }
}
