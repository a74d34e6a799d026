/* SPDX-License-Identifier: MIT */
/* cache/tcache.h - the cache of one thread: two magazines for each class.
 *
 * Owned by one thread, which alone writes it; statistics read `fill` and the totals from other threads
 * (aligned words, read as they are: a moment's picture).
 *
 * bin[c].fill holds two numbers in one word, so that each call updates both by one addition:
 *   upper part (from bit 30):  blocks in the list - capacity - 1, so 0 means one too many
 *   lower 30 bits:             blocks popped since the slow path last came by, modulo 2^30
 * malloc adds FILL_POP, which is one block less above and one pop more below; free adds FILL_PUSH and looks
 * at the sign of the sum. So the check for room costs free no load and no comparison, and the count of pops
 * nothing at all.
 *
 * The carry: 2^30 pops without a slow path overflow the lower part into the upper one, which then says one
 * block more than the list has. Nothing goes wrong by that: the list counts as full one block early, and the
 * slow path compares the length of the chain with the count, takes the difference as so many times 2^30 pops,
 * and sets the word anew (settle). Nobody may conclude from the count alone that a chain has that many
 * blocks: chains are walked to BLOCK_END, and one may be shorter than its count, never longer: that is a
 * double free.
 *
 * Settled is what the slow path does first: `popped` gets what the lower part holds, and `fill` the true
 * count. Until then the totals of a class are popped + FILL_POPPED(fill), as statistics add them up. A
 * capacity changes only where fill is set anew with it, as the upper part counts from it.
 *
 * A capacity doubles with each magazine that had to come from below the cache or that another thread wants,
 * and halves with each that had to go to the slabs because nobody does. It begins at 0, and there it ends for
 * a class whose blocks the thread only frees: such a class gathers (gather.h).
 *
 * Invariants:
 *   bin[c].head is a chain that ends in BLOCK_END; its length is what fill says, but for that carry
 *   cold[c].spare is BLOCK_END, or the chain of a magazine of cold[c].spares blocks
 *   capacity = 0  =>  the class gathers, or is none of blocks
 *   class 0 and the classes that only the class map knows have capacity 0, so that every free of theirs takes
 *   the slow path. Spans with a bin are such classes until some may be kept (shelf.h) */
#ifndef HAK_TCACHE_H
#define HAK_TCACHE_H

#include "base/gate.h"
#include "events/retain.h"
#include "memory/classmap.h"
#include "memory/slab.h"
#include "cache/chance.h"
#include "cache/gather.h"

enum { FILL_SHIFT = 30 };
#define FILL_PUSH (INT64_C(1) << FILL_SHIFT)
#define FILL_POP (1 - FILL_PUSH)
#define FILL_POPPED(fill) ((uint64_t)(fill) & (FILL_PUSH - 1))

/* Both words at fixed distances from one register: recent processors forward a store to a load at once
 * only where neither address is indexed; pairs of 64 bytes 233 to 348 million a second. */
struct bin {
    struct block *head;
    int64_t fill;
};

/* See shelf.h. */
struct shelf {
    /* Long spans. */
    struct slab *latest; /* the first of the span freed last, of last_run granules; last_run is 0: none */
    size_t last_run;
    struct slab *slab[SPAN_GRANULES]; /* [n]: of an earlier one of n + 1 granules, or NULL */
    unsigned granules;                /* sum of all */
    struct retain retain;             /* how much that may be */
    uint64_t taken;
    uint64_t seen_taken, seen_ms; /* `taken` when shelf_decay saw it change last, and when that was */
    /* [n]: spans of n + 1 granules, which lie in the bin of their class. */
    bool binned;                      /* there may be some, or something to decay */
    struct retain bin_retain[BINNED]; /* how much of that length may be kept */
    uint32_t popped_ms[BINNED]; /* when one was last seen to have been popped; or, of none earned, given up */
    uint64_t popped;            /* all of them, less what the fill of the bins still holds */
};

/* What the slow path alone looks at, of one class. Of the classes that only the class map knows those that
 * have bins use `capacity`, and the others nothing. */
struct tcache_class {
    uint64_t popped;     /* total, less what fill still holds */
    struct block *spare; /* the spare magazine: its chain, */
    uint16_t spares;     /* and how many blocks that has; 0: there is none */
    uint16_t capacity;   /* of the list; policy.magazine[c] at most */
    bool gathers;        /* the thread only frees: capacity is 0, no spare is kept */
    bool drained;        /* a magazine went to the slabs since one was last missed */
    bool active;         /* the slow path came by since tcache_age did */
};
static_assert(sizeof(struct tcache_class) == 24,
              "a cache has one for each class, and each thread has a cache");

struct tcache {
    struct bin bin[MAP_CLASSES]; /* first: the bin of a size is at that distance from the cache */
    uintptr_t window;            /* classmap_window.marks */
    uintptr_t window_at;         /* the window as this thread knows it: the first granule, */
    uintptr_t window_granules;   /* and how many; 0 in the empty cache: then no address lies in it */
    uint32_t magic[MAP_CLASSES]; /* class_magic: fixed */
    bool in_use;                 /* THREADS lock */
    uint8_t tries;               /* see below */
    uint32_t stripe;             /* of the transfer slots, fixed while in use */
    struct list all, idle;       /* every cache ever made; those without a thread. THREADS lock */
    uint32_t kept;               /* bytes, of a cache without a thread. THREADS lock */
    struct tcache *next_leaving; /* thread.c: the cache that was put there before this one */
    gate_word inside;            /* its thread changes what is shared: gate.h */
    _Atomic(uint32_t) holder;    /* enum cache_holder (thread.h) */
    uint32_t tid;             /* of its thread; 0: the process's own. This and the next two: THREADS lock */
    uintptr_t stack_top;      /* no frame of its thread lies above; 0: the stack of the process */
    struct thread_self *self; /* its thread's; NULL where nobody would see that end */
    uint32_t seen_mark,
        seen_ms;         /* thread_idlers alone: a sum that each use changes; when it changed last; and
                                    how often the cache was not taken since */
    uint32_t until_tick; /* slow paths until the clock is read again */
    uint64_t ticked_ms, aged_ms; /* when that was; when tcache_age came by last */
    size_t peak;                 /* usage_peak when the slow path settled with it last */
    uint64_t misses;             /* pops that had to go below the cache */
    struct tcache_class cold[MAP_CLASSES];
    struct shelf shelf;
    _Atomic(struct gather *) gather; /* NULL: no class has gathered yet. Atomic for hak_walk: release */
    struct chance *chance;           /* NULL: never sampled */
    _Atomic(uint32_t) epoch; /* of samples.h, which the thread obeys; odd: the cache is cut (sampler.h) */
};

/* Always empty, never written: what a thread has before its first slow path, in passive and
 * checked mode, and after its end. */
extern const struct tcache tcache_empty;

static ALWAYS_INLINE struct gather *gather_of(const struct tcache *tc)
{
    return load_acquire(&tc->gather);
}

static inline int64_t fill_of(unsigned capacity, unsigned blocks)
{
    return ((int64_t)blocks - (int64_t)capacity - 1) * FILL_PUSH;
}

/* Where the class map holds the mark of P, which lies in its window. */
static ALWAYS_INLINE class_byte *tcache_mark(const struct tcache *tc, const void *p)
{
    return (class_byte *)(tc->window + ((uintptr_t)p >> GRANULE_SHIFT));
}

/* The bin and the magic number of the class whose mark the class map holds: a mark is twice the class,
 * so that both are one scaled address. */
static ALWAYS_INLINE struct bin *tcache_bin(struct tcache *tc, size_t mark)
{
    struct bin *bin = (struct bin *)((char *)tc->bin + mark * (sizeof *bin / CLASS_MARK));
    KEEP_ADDRESS(bin);
    return bin;
}

static ALWAYS_INLINE const uint32_t *tcache_magic(const struct tcache *tc, size_t mark)
{
    return (const uint32_t *)((const char *)tc->magic + mark * (sizeof *tc->magic / CLASS_MARK));
}

/* A block of class C, or NULL where its list is empty or damaged. */
static ALWAYS_INLINE void *tcache_pop(struct tcache *tc, size_t c)
{
    struct bin *bin = &tc->bin[c];
    KEEP_ADDRESS(bin);
    struct block *b = bin->head;
    IN_RESULT_REGISTER(b);
    struct block *next = (struct block *)(b->check ^ block_key);
    if (UNLIKELY(next != b->next))
        return NULL;
    bin->head = next;
    INTERRUPTED_HERE();
    b->check = 0;
    bin->fill += FILL_POP;
    return b;
}

/* Make TC, zeroed or used before, an empty cache. What it held is forgotten. */
void tcache_init(struct tcache *tc);

/* P lies outside the window as TC knows it. True if it has grown over P since: then TC knows that now. */
bool tcache_renew(struct tcache *tc, const void *p);

/* Give TC, which has none, to a thread. */
void tcache_start(struct tcache *tc, unsigned stripe);

/* What needs nothing but the cache itself, and no gate: a block of class C from the spare magazine, which
 * becomes the list, or NULL; and to push P, whose fill was counted already and is one too many: the list
 * becomes the spare magazine, or P is gathered. False if that cannot be. */
void *tcache_pop_near(struct tcache *tc, unsigned c);
bool tcache_push_near(struct tcache *tc, unsigned c, void *p);

/* A block of class C after tcache_pop found none: spare magazine, transfer slot, pool. NULL if the
 * system refuses. *UNTOUCHED: the block is zero behind its header. Aborts on a damaged list. */
void *tcache_pop_slow(struct tcache *tc, unsigned c, bool *untouched, const char *function);

/* Push P, whose fill was counted already and is one too many. */
void tcache_push_slow(struct tcache *tc, unsigned c, void *p, const char *function);

/* The spare magazine of a cut cache (sampler.h) is full: P begins a new one. P was not counted. */
void tcache_push_spare(struct tcache *tc, unsigned c, void *p, const char *function);

/* The same with nothing but the list, which may become longer. False if it is long enough. */
bool tcache_push_longer(struct tcache *tc, unsigned c, void *p);

/* Abort if a chain is damaged or holds a block twice. */
void tcache_verify(const struct tcache *tc, const char *function);

/* Return the blocks of classes that were not used for the policy's time to the slabs. Cheap to call often. */
void tcache_age(struct tcache *tc, uint64_t now_ms, const char *function);

/* Return all blocks to the slabs but MOST bytes of those that the thread allocated and freed; what is left.
 */
size_t tcache_keep(struct tcache *tc, size_t most, const char *function);

/* Return all blocks to the slabs. The owner, or who has taken the cache (thread.h). */
void tcache_flush(struct tcache *tc, const char *function);

/* True if P lies in the chain B, which may be damaged. */
enum { CHAIN_MAX = UINT16_MAX }; /* no magazine is longer */
bool tcache_chain_holds(const struct block *b, const void *p);

/* True if P lies in one of the chains of class C of TC, which the caller owns. */
bool tcache_holds(const struct tcache *tc, unsigned c, const void *p);

/* Blocks in the list of class C of TC, which may be that of a span; any thread. The two words are aligned, so
 * never torn, but one may be older than the other: off by what the owner did in between, never negative. */
static inline NO_TSAN size_t tcache_listed(const struct tcache *tc, unsigned c)
{
    int64_t blocks = (tc->bin[c].fill >> FILL_SHIFT) + tc->cold[c].capacity + 1;
    return blocks > 0 ? (size_t)blocks : 0;
}

/* Blocks of class C in TC, and blocks popped so far; any thread. As tcache_listed: what moves from one word
 * to another meanwhile counts twice or not at all, until the next look. */
static inline NO_TSAN size_t tcache_blocks(const struct tcache *tc, unsigned c)
{
    return tcache_listed(tc, c) + tc->cold[c].spares + gather_blocks(gather_of(tc), c);
}

static inline NO_TSAN uint64_t tcache_popped(const struct tcache *tc, unsigned c)
{
    return tc->cold[c].popped + FILL_POPPED(tc->bin[c].fill);
}

/* While allocations are sampled (sampler.h). */
static ALWAYS_INLINE bool tcache_is_cut(const struct tcache *tc)
{
    return load_relaxed(&tc->epoch) & 1;
}

/* How many blocks of class C may be popped from a cut cache until the next sample; the owner. */
static inline size_t tcache_room(const struct tcache *tc, unsigned c)
{
    uint64_t due = tc->chance->due[c], popped = tcache_popped(tc, c);
    return due > popped ? due - popped : 0;
}

#endif
