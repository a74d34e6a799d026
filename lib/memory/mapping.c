/* SPDX-License-Identifier: MIT */
/* memory/mapping.c - the mappings of large blocks: made, lengthened, divided, moved, dropped.
 *
 * A move that the system refuses leaves pages where they are, or unmaps what it should have replaced. That is
 * mapped again, or the mapping ends there. */
#include "memory/mapping.h"

#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/os.h"
#include "events/counters.h"
#include "events/usage.h"

struct larges larges;

struct large *mapping_descriptor(void)
{
    struct large *l;
    if (list_empty(&larges.spare)) {
        l = meta_alloc(sizeof *l);
        if (l) {
            l->region.kind = REGION_LARGE;
            list_init(&l->link);
        }
        return l;
    }
    l = LIST_FIRST(&larges.spare, struct large, link);
    list_remove(&l->link);
    return l;
}

/* --- Areas of the kernel's -----------------------------------------------------------------------*/

void mapping_count_areas(struct large *l, size_t areas)
{
    areas = min_size(areas, mapping_units(l->size));
    add_relaxed(&larges.areas, areas - l->areas);
    os_note_pieces(areas - l->areas);
    l->areas = areas;
}

static uint64_t new_area(void)
{
    static _Atomic(uint64_t) last; /* relaxed: each number once, in whatever order */
    return add_relaxed(&last, 1) + 1;
}

/* Both count as lying in all areas of the whole, as nobody knows where those meet; mapping_count_areas cuts
 * that down to their units. */
void mapping_divide(struct large *l, size_t first, struct large *rest)
{
    rest->base = l->base + first;
    rest->size = l->size - first;
    rest->freed_ms = l->freed_ms;
    rest->areas = 0;
    rest->area = l->area;
    l->size = first;
    mapping_count_areas(rest, l->areas);
    mapping_count_areas(l, l->areas);
}

/* Neighbours that were one area are one again; others keep their number of areas, at most as many as there
 * are units. */
void mapping_join(struct large *l, struct large *next)
{
    bool one = l->area && l->area == next->area;
    l->size += next->size;
    l->areas += next->areas;
    l->area = one ? l->area : 0;
    l->freed_ms = max_size(l->freed_ms, next->freed_ms);
    mapping_count_areas(l, one ? 1 : l->areas);
    list_push_front(&larges.spare, &next->link);
}

/* --- Memory from the system, and back -------------------------------------------------------------*/

struct large *mapping_new(size_t size, size_t align)
{
    if (!usage_may_map(size))
        return NULL;
    char *base = os_map(size, max_size(align, SUPERSLAB), NULL, true);
    if (!base) {
        usage_unmapped(size);
        return NULL;
    }
    struct large *l = NULL;
    if (classmap_reserve(base, GRANULE)) {
        lock_take(RANK_LARGE);
        l = mapping_descriptor();
        lock_give(RANK_LARGE);
    }
    if (!l) {
        (void)os_unmap(base, size);
        usage_unmapped(size);
        return NULL;
    }
    l->base = base;
    l->size = size;
    l->areas = 1;
    l->area = new_area();
    l->freed_ms = clock_recent_ms();
    add_relaxed(&larges.areas, 1);
    return l;
}

/* One area is lengthened by mremap, which keeps it one. Of several it cannot be asked: new pages are mapped
 * behind, as an area more, and only where the end is that of a unit, as areas meet nowhere else. */
bool mapping_extend(struct large *l, size_t more)
{
    bool one = l->area != 0;
    if ((!one && l->size % MOVE_UNIT) || !usage_may_map(more))
        return false;
    bool done =
        one ? os_resize(l->base, l->size, l->size + more) == 0 : os_map_at(mapping_end(l), more) != NULL;
    if (!done) {
        usage_unmapped(more);
        return false;
    }
    l->size += more;
    mapping_count_areas(l, l->areas + !one);
    return true;
}

/* Give SIZE bytes at BASE, one of ours or a part of one, back. */
static void give_back(char *base, size_t size)
{
    /* Refused: the kernel cannot split its area. The addresses are lost to us, their pages are not kept. */
    if (os_unmap(base, size) == 0) {
        usage_unmapped(size);
    } else {
        (void)os_purge(base, size);
        count(COUNT_LOST_BYTES, size);
    }
}

/* The system calls come first, for all of them: their descriptors are in no list and this thread's alone, so
 * no lock is held while the kernel works. */
size_t mapping_drop(struct large **list, unsigned n)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        struct large *l = list[i];
        mapping_count_areas(l, 1);
        if (l->size)
            give_back(l->base, l->size);
        bytes += l->size;
        sub_relaxed(&larges.areas, l->areas);
        l->areas = 0;
    }
    if (n) {
        lock_take(RANK_LARGE);
        for (unsigned i = 0; i < n; i++)
            list_push_front(&larges.spare, &list[i]->link);
        lock_give(RANK_LARGE);
        count_purged(bytes);
    }
    return bytes;
}

void mapping_cut(struct large *l, size_t size)
{
    char *end = l->base + size;
    size_t gone = l->size - size;
    l->size = size;
    os_note_pieces(1); /* what is unmapped was no mapping of its own */
    give_back(end, gone);
    mapping_count_areas(l, l->areas);
    count_purged(gone);
}

/* --- Pages that move ------------------------------------------------------------------------------*/

void mapping_end_at_hole(struct large *l, size_t at, size_t size)
{
    size_t behind = l->size - at - size;
    usage_unmapped(size);
    if (behind) {
        os_note_pieces(1);
        give_back(l->base + at + size, behind);
    }
    l->size = at;
    mapping_count_areas(l, l->areas);
}

/* A refused move may have unmapped units of [AT, AT + SIZE) of L: they are mapped again. False if L ends
 * there. What os_restore finds mapped stays: the pages of L, or those that had moved. */
static bool mend(struct large *l, size_t at, size_t size)
{
    for (size_t end = at + size; at < end; at += MOVE_UNIT) {
        if (!os_restore(l->base + at, MOVE_UNIT)) {
            mapping_end_at_hole(l, at, MOVE_UNIT);
            return false;
        }
    }
    return true;
}

/* A call to move several areas was refused: each is asked for by itself. Linux 6.17 and later move them all,
 * or some of them before they refuse; others move none. Relaxed: not to know costs a call. */
static _Atomic(bool) one_area_a_call;

bool mapping_take_units(struct large *l, size_t *at, size_t to, struct large *donor)
{
    size_t most = min_size(to - *at, round_down(donor->size, MOVE_UNIT)), done = 0;
    size_t step = donor->area || !load_relaxed(&one_area_a_call) ? most : MOVE_UNIT;
    bool whole = true, go_on = true;
    while (done < most && go_on) {
        if (os_move_part(donor->base + done, step, l->base + *at) == 0) {
            *at += step;
            done += step;
            continue;
        }
        whole = mend(l, *at, step);
        go_on = mend(donor, done, step) && whole && !donor->area && step > MOVE_UNIT;
        store_relaxed(&one_area_a_call, load_relaxed(&one_area_a_call) || !donor->area);
        step = MOVE_UNIT;
    }
    usage_unmapped(done);
    donor->base += done;
    donor->size -= done;
    l->area = done ? 0 : l->area;
    mapping_count_areas(l, l->areas + min_size(donor->areas, mapping_units(done)));
    mapping_count_areas(donor, donor->areas);
    return whole;
}
