/* SPDX-License-Identifier: MIT */
/* memory/moving.c - a large block in use moves to a place with room. */
#include "memory/moving.h"

#include <string.h>

#include "base/os.h"
#include "events/usage.h"
#include "memory/kept.h"

/* Back to FROM, where nothing is mapped any more, with the SIZE bytes that have gone to TARGET. By copying:
 * what the system refuses now it may refuse again. */
static void move_back(char *from, size_t size, const char *target)
{
    static const char text[] = "hakmem: the system took a part of a moved block\n";
    if (size == 0)
        return;
    if (!os_map_at(from, size)) {
        os_write(2, text, sizeof text - 1);
        os_abort();
    }
    memcpy(from, target, size);
}

/* Bring the contents of L over to TO, by pages where the system moves them, else by copying. False if a part
 * of TO has gone: L is as it was. */
static bool bring(struct large *l, struct large *to)
{
    size_t copied = 0, unit = l->area ? l->size : MOVE_UNIT;
    for (size_t at = 0; at < l->size; at += unit) {
        size_t step = min_size(unit, l->size - at);
        char *target = to->base + at;
        if (!copied && os_move_part(l->base + at, step, target) == 0)
            continue;
        if (!copied && !os_restore(target, step)) {
            move_back(l->base, at, to->base);
            mapping_count_areas(l, l->areas + (at != 0));
            mapping_end_at_hole(to, at, step);
            return false;
        }
        memcpy(target, l->base + at, step);
        copied += step;
    }
    usage_unmapped(l->size - copied);
    l->base += l->size - copied;
    l->size = copied;
    return true;
}

bool mapping_move(struct large *l, size_t size, size_t asked)
{
    struct large *to = mapping_new(size, SUPERSLAB);
    if (!to)
        return false;
    bool moved = kept_recycle(to, l->size, asked) && bring(l, to);
    if (moved) {
        mapping_count_areas(to, to->areas + l->areas);
        mapping_count_areas(l, l->areas); /* of what was copied, nothing mostly */
        struct large old = *l;
        l->base = to->base;
        l->size = to->size;
        l->areas = to->areas;
        l->area = 0;
        to->base = old.base;
        to->size = old.size;
        to->areas = old.areas;
    }
    mapping_drop(&to, 1);
    return moved;
}
