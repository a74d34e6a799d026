/* SPDX-License-Identifier: MIT */
/* cache/gather.c - blocks that their thread frees and does not touch. */
#include "cache/gather.h"

#include <string.h>

static void set_word(struct gather_group *at, uintptr_t word)
{
    store_release(&at->word, word);
}

static void set_mask(struct gather_group *at, uint64_t mask)
{
    store_release(&at->mask, mask);
    INTERRUPTED_HERE();
}

/* What AT holds, which then is empty. */
static struct group take(struct gather_group *at)
{
    struct group taken = {load_relaxed(&at->word), load_relaxed(&at->mask)};
    set_mask(at, 0);
    return taken;
}

/* Each group is emptied before its blocks can be found anywhere else, one by one: who looks from outside
 * meanwhile misses some, and finds none in two places. */
void gather_flush(struct gather *g, unsigned c, const char *function)
{
    struct group out[GATHER_GROUPS];
    unsigned n = 0;
    for (unsigned i = 0; i < g->of[c].groups; i++) {
        out[n] = take(&g->group[c][i]);
        n += out[n].mask != 0;
    }
    g->of[c].groups = 0;
    g->of[c].room = g->of[c].most = 0;
    if (n)
        pool_put(c, out, n, function);
}

/* Nothing waits, and MOST blocks may from now on. `groups` only now says that there are any: until then
 * nobody looks at their words. */
static void open(struct gather *g, unsigned c, unsigned most)
{
    for (unsigned i = 0; i < GATHER_OPEN; i++)
        set_word(&g->group[c][i], 0);
    g->of[c].groups = GATHER_OPEN;
    g->of[c].most = g->of[c].room = (uint16_t)min_size(most, UINT16_MAX);
}

/* The blocks of OLD, and those behind the open groups, go home. The open groups go on. */
static void put_closed(struct gather *g, unsigned c, struct group old, const char *function)
{
    struct group out[GATHER_GROUPS];
    unsigned n = 0, blocks = 0;
    out[n++] = old;
    while (g->of[c].groups > GATHER_OPEN)
        out[n++] = take(&g->group[c][--g->of[c].groups]);
    for (unsigned i = 0; i < n; i++)
        blocks += (unsigned)__builtin_popcountll(out[i].mask);
    g->of[c].room = (uint16_t)(g->of[c].room + blocks);
    pool_put(c, out, n, function);
}

/* Make AT empty: its blocks wait behind the open groups, if there is a place; else all that wait there go
 * home: true. */
static bool close_group(struct gather *g, unsigned c, struct gather_group *at, const char *function)
{
    struct group old = take(at);
    if (!old.mask)
        return false;
    if (g->of[c].groups == GATHER_GROUPS) {
        put_closed(g, c, old, function);
        return true;
    }
    struct gather_group *behind = &g->group[c][g->of[c].groups++];
    set_word(behind, old.word);
    set_mask(behind, old.mask);
    return false;
}

bool gather_note_slow(struct gather *g, unsigned c, uint32_t magic, void *p, unsigned most,
                      const char *function)
{
    struct gather_place place = gather_place(g, c, magic, p);
    bool home = false;
    if (load_relaxed(&place.at->word) == place.word && (load_relaxed(&place.at->mask) & place.bit))
        fault_report(FAULT_DOUBLE_FREE, function, p);
    if (g->of[c].room == 0) {
        gather_flush(g, c, function);
        open(g, c, most);
        home = true;
    } else if (load_relaxed(&place.at->word) != place.word) {
        home = close_group(g, c, place.at, function);
    }
    set_word(place.at, place.word);
    g->of[c].room--;
    set_mask(place.at, load_relaxed(&place.at->mask) | place.bit);
    return home;
}

/* The bits of a thread that fork left behind may be half changed: they are not brought home, as the same
 * block may be there already. */
void gather_forget(struct gather *g)
{
    for (unsigned c = 1; c < CLASSES; c++)
        if (g->of[c].groups) {
            memset(g->group[c], 0, sizeof g->group[c]);
            g->of[c].groups = 0;
            g->of[c].room = g->of[c].most = 0;
        }
}

/* --- Insight -------------------------------------------------------------------------------------*/

/* A group is emptied before it gets another word: where that is the same before and after, the mask was its,
 * but for a round trip in between. Of a class whose `groups` is just being changed too few or too many are
 * looked at: those that are not in use have a mask of 0. */
NO_TSAN void gather_each(const struct gather *g, void (*each)(uintptr_t word, uint64_t mask, void *arg),
                         void *arg)
{
    for (unsigned c = 1; g && c < CLASSES; c++)
        for (unsigned i = 0; i < g->of[c].groups; i++) {
            const struct gather_group *at = &g->group[c][i];
            uintptr_t word = load_acquire(&at->word);
            uint64_t mask = load_acquire(&at->mask);
            if (load_relaxed(&at->word) == word)
                each(word, mask, arg);
        }
}

bool gather_holds(const struct gather *g, unsigned c, const void *p)
{
    struct group one = group_of(p, class_magic(c));
    for (unsigned n = 0; g && n < g->of[c].groups; n++) {
        const struct gather_group *at = &g->group[c][n];
        if (load_relaxed(&at->word) == one.word && (load_relaxed(&at->mask) & one.mask))
            return true;
    }
    return false;
}
