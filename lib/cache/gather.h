/* SPDX-License-Identifier: MIT */
/* cache/gather.h - blocks that their thread frees and does not touch.
 *
 * A thread that frees blocks of a class and allocates none has no use for them: a list of them would be
 * written only to be read again, and each block costs a miss of the processor's cache, twice. It notes them
 * by a bit each, in groups of 64 that are neighbours, and brings many groups home under one lock. Two groups,
 * found by their address, are open; what they make room for waits behind them.
 *
 * How much may wait: as many bytes as a magazine has, in GATHER_GROUPS groups at most, for each may keep a
 * slab from becoming EMPTY.
 *
 * A class gathers from the beginning, until its thread allocates of it, or another thread misses magazines of
 * it (transfer.h): that is looked for when blocks go home, and the less often the more often it was in vain.
 *
 * Owned by the thread, as its cache: it alone writes. Others look, for statistics and hak_walk: word and mask
 * of a group are atomic, and the mask is 0 whenever the word changes (release and acquire, see gather_each);
 * a block that is just moved from group to group may be missed. Sound at each instruction, in that no block
 * is in two groups: a signal handler may end the process anywhere. */
#ifndef HAK_GATHER_H
#define HAK_GATHER_H

#include "base/atomic.h"
#include "memory/pool.h"

enum { GATHER_OPEN = 2, GATHER_GROUPS = 16 };
static_assert((GATHER_OPEN & (GATHER_OPEN - 1)) == 0, "an open group is chosen by bits");
static_assert((int)GATHER_GROUPS <= (int)GROUPS, "one lock brings all of them home");

/* As struct group. */
struct gather_group {
    _Atomic(uintptr_t) word;
    _Atomic(uint64_t) mask; /* 0: none */
};

struct gather_class {
    uint16_t room, most; /* blocks that may still come, and that may be there */
    uint16_t stay;       /* times that blocks go home until somebody may want magazines */
    uint8_t groups;      /* in use, the open ones counted; 0: nothing was noted */
    uint8_t backoff;     /* log2 of the next `stay` */
    uint8_t sent;        /* magazines that somebody took */
};

/* The groups stand apart: statistics and hak_walk look at each class of each thread, and most have none. */
struct gather {
    struct gather_class of[CLASSES];
    struct gather_group group[CLASSES][GATHER_GROUPS]; /* the open ones first */
};

/* Where P, a block of class C, is noted. */
struct gather_place {
    struct gather_group *at;
    uintptr_t word;
    uint64_t bit;
};

static ALWAYS_INLINE struct gather_place gather_place(struct gather *g, unsigned c, uint32_t magic,
                                                      const void *p)
{
    struct group one = group_of(p, magic);
    struct gather_group *open = g->group[c];
    return (struct gather_place){&open[(one.word >> GRANULE_SHIFT ^ one.word) % GATHER_OPEN], one.word,
                                 one.mask};
}

/* Note P. False if there is no place. */
static ALWAYS_INLINE bool gather_note(struct gather *g, unsigned c, uint32_t magic, void *p)
{
    struct gather_place place = gather_place(g, c, magic, p);
    uint64_t mask = load_relaxed(&place.at->mask);
    if (UNLIKELY(load_relaxed(&place.at->word) != place.word) || UNLIKELY(mask & place.bit) ||
        UNLIKELY(g->of[c].room == 0))
        return false;
    g->of[c].room--;
    store_relaxed(&place.at->mask, mask | place.bit);
    return true;
}

/* The same, having made a place: true if blocks went home for it. MOST: blocks of the class that may wait, at
 * least 1. Inside the gate. Aborts if P waits there already. */
bool gather_note_slow(struct gather *g, unsigned c, uint32_t magic, void *p, unsigned most,
                      const char *function);

/* Bring the blocks of class C home. Inside the gate. */
void gather_flush(struct gather *g, unsigned c, const char *function);

/* What waits is nobody's, and no more: the cache is that of a thread which fork left behind. */
void gather_forget(struct gather *g);

/* Any thread: blocks of the class that wait; and whether P is one. G may be NULL. Two aligned words, read one
 * after the other while the owner may write both: a wrong number for a moment, never a negative one. */
static inline NO_TSAN size_t gather_blocks(const struct gather *g, unsigned c)
{
    unsigned most = g ? g->of[c].most : 0, room = g ? g->of[c].room : 0;
    return most > room ? most - room : 0;
}

bool gather_holds(const struct gather *g, unsigned c, const void *p);

/* Call EACH for every group that waits, as in struct group; its mask may be 0. Any thread; G may be NULL. */
void gather_each(const struct gather *g, void (*each)(uintptr_t word, uint64_t mask, void *arg), void *arg);

#endif
