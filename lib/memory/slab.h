/* SPDX-License-Identifier: MIT */
/* memory/slab.h - one granule of 64 KiB cut into blocks of one class.
 *
 * States and who may touch the fields:
 *   UNUSED  all its pages read as zero             the ARENA lock
 *   ACTIVE  belongs to a class                     the lock of its class (pool.c)
 *   EMPTY   last block came back; pages are dirty  the ARENA lock
 *   SPAN    part of a span                         the ARENA lock; the span's owner
 *   PURGE   its pages are being given back         the thread that purges, no lock held
 *   CLOSED  not mapped, or not by us               the ARENA lock
 * A state changes only under the ARENA lock.
 *
 * Invariants of an ACTIVE slab, with free = number of bits set:
 *   used + free = carved <= total
 *   bit i set  =>  i < carved and block i is in no cache
 *   linked in its pool's partial list <=> used < total and not trimming
 * Blocks at and behind `carved` have never been handed out in this life of the slab; where `fresh`
 * is set their pages have not been touched at all. */
#ifndef HAK_SLAB_H
#define HAK_SLAB_H

#include "base/atomic.h"
#include "base/bits.h"
#include "base/list.h"
#include "base/sizeclass.h"

/* CLOSED is 0: the descriptors of granules that are not mapped are not written, and lie in pages that a small
 * process never touches. */
enum slab_state { SLAB_CLOSED, SLAB_UNUSED, SLAB_ACTIVE, SLAB_EMPTY, SLAB_SPAN, SLAB_PURGE, SLAB_STATES };

enum { SLAB_WORDS = GRANULE / MIN_ALIGN / 64, SPAN_PAGE_SHIFT = 12, SPAN_PAGE = 1 << SPAN_PAGE_SHIFT };

struct slab {
    struct list link; /* partial list of the pool, or list of EMPTY slabs of its last class */
    struct list age;  /* EMPTY: all such slabs, latest first */
    uint8_t *base;    /* fixed */
    uint8_t state;
    uint8_t size_class; /* ACTIVE: its class; EMPTY: its last; SPAN: CLASS_SPAN */
    uint8_t index;      /* fixed: place in its superslab */
    bool fresh;         /* pages not carved yet read as zero */
    bool trimmed;       /* its free pages were given back, and no block came back since */
    bool trimming;      /* a thread gives its free pages back, unlocked: in no list, nobody takes */
    uint16_t used;      /* ACTIVE: blocks; SPAN, first granule: pages that count in arena.wasted */
    uint16_t carved, total;
    uint16_t first_word;     /* no bit is set in a word below this one */
    uint16_t run;            /* SPAN, first granule: number of granules */
    uint32_t emptied_ms;     /* EMPTY: when, by clock_now_ms, cut to 32 bits */
    _Atomic(uint32_t) asked; /* SPAN, first granule: bytes, of its owner; relaxed, statistics read it */
    uint64_t free_bits[SLAB_WORDS];
};

/* Usable size of the span that begins with FIRST: what was asked for, in whole pages. The rest counts as
 * free. Its owner reads what it wrote. Others may find `asked` of an earlier span beside `run` of this one,
 * or the other way round: the result is then wrong, and no more than the run that was read. */
static inline NO_TSAN size_t span_usable(const struct slab *first)
{
    size_t asked = load_relaxed(&first->asked);
    return min_size(round_up(max_size(asked, 1), SPAN_PAGE), (size_t)first->run << GRANULE_SHIFT);
}

/* A block that nobody uses, as it lies in a thread cache or magazine. `check` is next ^ the secret
 * key of the process: it tells a cached block from a live one, and a damaged link from a sound one.
 * A block that is handed out has check = 0. */
struct block {
    struct block *next; /* &block_end behind the last */
    uint64_t check;
} MAY_ALIAS;

static_assert(sizeof(struct block) <= MIN_ALIGN, "the smallest block holds the link");

/* Ends every list of blocks: its check never matches, so that an empty list and a damaged one are
 * found by the same comparison. Never written. */
HIDDEN extern const struct block block_end;
#define BLOCK_END ((struct block *)&block_end)

/* Secret of the process, fixed after start; not 0. */
HIDDEN extern uint64_t block_key;

static ALWAYS_INLINE void block_link(struct block *b, struct block *next, uint64_t key)
{
    b->next = next;
    b->check = (uintptr_t)next ^ key;
}

static ALWAYS_INLINE bool block_linked(const struct block *b, uint64_t key)
{
    return ((uintptr_t)b->next ^ b->check) == key;
}

/* B, in a chain of class SIZE_CLASS, is not linked (its link was read by now): abort, for a double free where
 * that can be told from a write to a free block. */
COLD NORETURN void slab_damaged_link(const struct block *b, unsigned size_class, const char *function);

/* A chain of linked blocks that one thread owns; ends in BLOCK_END. */
struct magazine {
    struct block *head;
    uint32_t count;
};

/* Give SLAB, whose pages are dirty unless FRESH, to a class. */
void slab_start(struct slab *slab, unsigned size_class, bool fresh);

/* Blocks that were taken from slabs, and are to be linked when the lock is given back: they are cold. */
enum { PIECES = 64 };
struct piece {
    uint8_t *base; /* of the block of bit 0 */
    uint64_t bits; /* which of 64; 0: the first COUNT, more than 64 perhaps */
    uint32_t count;
};
struct pieces {
    unsigned n, blocks;
    bool untouched; /* all of them lie in pages that were never touched */
    struct piece piece[PIECES];
};

/* Take up to WANT blocks, lowest first: those that were freed, else those of one page more, or of as many as
 * it takes where MANY. Fewer where PIECES has no room for more, which it must have for one. */
void slab_take(struct slab *slab, unsigned want, bool many, struct pieces *to);

/* The blocks of FROM, of class SIZE_CLASS, as a chain in ascending order within each piece. */
struct magazine slab_link(const struct pieces *from, unsigned size_class);

enum slab_verdict { SLAB_OK, SLAB_NOT_A_BLOCK, SLAB_IS_FREE };

/* Take the blocks of MASK, not 0, of word WORD back. Nothing changes unless SLAB_OK. */
enum slab_verdict slab_put(struct slab *slab, unsigned word, uint64_t mask);

/* What P is, without taking it: SLAB_OK for a block that is handed out or cached. */
enum slab_verdict slab_inspect(const struct slab *slab, const void *p);

/* Set bit i of LIVE where block i is handed out and not linked into a chain. Class lock held. */
void slab_live(const struct slab *slab, uint64_t live[SLAB_WORDS]);

/* The class of a slab that others may be using: a hint. */
unsigned slab_class(const struct slab *slab);

/* Number of blocks whose bit is set. */
unsigned slab_free_count(const struct slab *slab);

/* Runs of whole pages that hold no block in use: offsets into the slab. */
struct page_run {
    uint32_t from, to;
};
enum { SLAB_PAGE_RUNS = GRANULE / 4096 / 2 + 1 };

/* Find them; pages never touched do not count. Returns the number, SLAB_PAGE_RUNS at most. */
unsigned slab_free_pages(const struct slab *slab, size_t page, struct page_run runs[SLAB_PAGE_RUNS]);

#endif
