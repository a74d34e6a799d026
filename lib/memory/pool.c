/* SPDX-License-Identifier: MIT */
/* memory/pool.c - the shared pool.
 *
 * One lock for each class guards its partial list, its count and every ACTIVE slab of the class.
 * New slabs are taken, and EMPTY ones given, with the lock released: the superslab floor makes
 * system calls. A slab between the two floors is in no list and known to one thread only. */
#include "memory/pool.h"

#include "base/layout.h"
#include "base/lock.h"
#include "base/os.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "memory/granules.h"
#include "memory/hugepages.h"

struct pool {
    struct lock lock;
    struct list partial; /* slabs with room, latest first */
    bool untrimmed;      /* a block came back since all partial slabs were trimmed */
    size_t out;          /* sum of `used` over all slabs of the class */
    size_t carved;       /* the same of `carved` */
    /* Written under the lock, read by anybody: atomics, relaxed. */
    _Atomic(uint32_t) refills, drains; /* magazines, since start */
    _Atomic(uint64_t) locks;           /* how often blocks came or went, since start */
    _Atomic(uint32_t) slabs;           /* ACTIVE, but those on their way */
} CACHE_ALIGNED;

static struct pool pools[CLASSES];

/* Lock held: nobody else writes. */
static void bump(_Atomic(uint32_t) *n, uint32_t by)
{
    store_relaxed(n, load_relaxed(n) + by);
}

static NOINLINE void pool_lock(unsigned size_class)
{
    lock_take_one(&pools[size_class].lock, RANK_CLASS);
}

/* For blocks that come or go. */
static void pool_lock_counted(unsigned size_class)
{
    pool_lock(size_class);
    _Atomic(uint64_t) *locks = &pools[size_class].locks;
    store_relaxed(locks, load_relaxed(locks) + 1);
}

static void pool_unlock(unsigned size_class)
{
    lock_give_one(&pools[size_class].lock, RANK_CLASS);
}

void pool_forked(void)
{
    for (unsigned c = 0; c < CLASSES; c++)
        lock_reset(&pools[c].lock);
}

/* Take up to WANT blocks from partial slabs. Freed blocks are taken from as many slabs as it needs, new ones
 * from one slab, and where there is one thread from one page. Class lock held. */
static void take_partial(struct pool *pool, unsigned want, struct pieces *to)
{
    while (to->blocks < want && to->n < PIECES && !list_empty(&pool->partial)) {
        struct slab *slab = LIST_FIRST(&pool->partial, struct slab, link);
        bool freed = slab->used < slab->carved;
        if (to->blocks && !freed)
            break;
        unsigned before = to->blocks, carved = slab->carved;
        slab_take(slab, want - before, !single_threaded(), to);
        pool->out += to->blocks - before;
        pool->carved += slab->carved - carved;
        if (slab->used == slab->total)
            list_remove(&slab->link);
        else if (!freed)
            break;
        count(COUNT_STAGE_PARTIAL, freed);
    }
}

/* Another thread may empty the new slab before this one comes back to it: then it gets another. The blocks
 * are only noted under the lock and linked after it: each is cold, and to write to it takes longer than all
 * that the lock is held for. */
struct magazine pool_refill(unsigned size_class, unsigned want, bool *untouched)
{
    struct pool *pool = &pools[size_class];
    struct pieces taken;
    taken.n = taken.blocks = 0;
    taken.untouched = true;
    for (;;) {
        pool_lock_counted(size_class);
        take_partial(pool, want, &taken);
        bump(&pool->refills, taken.blocks > 1); /* one: not for a magazine */
        pool_unlock(size_class);
        if (taken.blocks)
            break;
        struct slab *slab = granules_take_slab(size_class);
        if (!slab)
            break;
        pool_lock(size_class);
        list_push_front(&pool->partial, &slab->link);
        bump(&pool->slabs, 1);
        pool_unlock(size_class);
    }
    if (untouched)
        *untouched = taken.untouched;
    return slab_link(&taken, size_class);
}

/* SLAB, whose last block came back, leaves the class: no block of it is anywhere, so nobody but this thread
 * can reach it from here on. Class lock held. */
static void leave(struct pool *pool, struct slab *slab, struct list *empties)
{
    list_push_back(empties, &slab->link);
    pool->carved -= slab->carved;
    bump(&pool->slabs, UINT32_MAX);
}

/* Take blocks of SLAB back; a slab that becomes EMPTY moves to EMPTIES. Class lock held. */
static enum slab_verdict put_group(struct pool *pool, struct slab *slab, const struct group *group,
                                   struct list *empties)
{
    bool listed = slab->used != slab->total && !slab->trimming;
    unsigned used = slab->used;
    enum slab_verdict verdict = slab_put(slab, group->word & (GRANULE - 1), group->mask);
    if (UNLIKELY(verdict != SLAB_OK))
        return verdict;
    pool->out -= used - slab->used;
    pool->untrimmed = true;
    if (slab->trimming)
        return SLAB_OK; /* whoever trims puts it where it belongs */
    if (slab->used == 0) {
        if (listed)
            list_remove(&slab->link);
        leave(pool, slab, empties);
    } else if (!listed) {
        list_push_front(&pool->partial, &slab->link);
    }
    return SLAB_OK;
}

static uint8_t *granule_of(const struct group *group)
{
    return (uint8_t *)(group->word & ~(uintptr_t)(GRANULE - 1));
}

/* The first of the blocks of MASK, which are some of GROUP's. */
static const void *first_block(unsigned size_class, const struct group *group, uint64_t mask)
{
    size_t i = (group->word & (GRANULE - 1)) * 64 + (unsigned)__builtin_ctzll(mask);
    return granule_of(group) + i * class_size(size_class);
}

/* The blocks of GROUP could not be taken back: say it of the one that is wrong, or else of the first. */
static COLD NORETURN void report_group(unsigned size_class, const struct slab *slab,
                                       const struct group *group, enum slab_verdict verdict,
                                       const char *function)
{
    bool free = verdict == SLAB_IS_FREE;
    uint64_t wrong = free ? slab->free_bits[group->word & (GRANULE - 1)] & group->mask : 0;
    fault_report(free ? FAULT_DOUBLE_FREE : FAULT_INVALID_POINTER, function,
                 first_block(size_class, group, wrong ? wrong : group->mask));
}

/* Return the blocks of up to GROUPS groups, that lie in the slabs SLAB. */
static void put_groups(unsigned size_class, struct slab *const *slab, const struct group *group, unsigned n,
                       bool magazine, const char *function)
{
    struct pool *pool = &pools[size_class];
    enum slab_verdict verdict = SLAB_OK;
    struct list empties;
    unsigned i;
    list_init(&empties);
    pool_lock_counted(size_class);
    bump(&pool->drains, magazine);
    for (i = 0; i < n && LIKELY(verdict == SLAB_OK); i++) {
        bool ours = slab[i]->size_class == size_class;
        verdict = ours ? put_group(pool, slab[i], &group[i], &empties) : SLAB_NOT_A_BLOCK;
    }
    pool_unlock(size_class);
    if (!list_empty(&empties))
        granules_give_slabs(&empties);
    if (UNLIKELY(verdict != SLAB_OK))
        report_group(size_class, slab[i - 1], &group[i - 1], verdict, function);
}

/* A block that is out keeps its slab what it is: ACTIVE, of its class. So the slab is looked up, and its line
 * asked for, without the lock; what is not true of a block that was freed twice is checked under it. */
static void find_slabs(unsigned size_class, struct slab **slab, const struct group *group, unsigned n,
                       const char *function)
{
    for (unsigned i = 0; i < n; i++) {
        if (UNLIKELY(classmap_get(granule_of(&group[i])) != size_class))
            fault_report(FAULT_DOUBLE_FREE, function, first_block(size_class, &group[i], group[i].mask));
        slab[i] = superslab_slab_of(granule_of(&group[i]));
        __builtin_prefetch(slab[i], 1);
    }
}

void pool_put(unsigned size_class, const struct group *group, unsigned n, const char *function)
{
    struct slab *slab[GROUPS];
    for (; n; group += min_size(n, GROUPS), n -= min_size(n, GROUPS)) {
        unsigned some = (unsigned)min_size(n, GROUPS);
        find_slabs(size_class, slab, group, some, function);
        put_groups(size_class, slab, group, some, false, function);
    }
}

/* The blocks of the chain B, by word, as many as GROUPS have room for; the number of groups. *B is then what
 * follows, and *BLOCKS more by what was taken. A block that is none, or comes twice, ends the process. */
static unsigned group_chain(const struct block **b, unsigned size_class, struct group *group,
                            unsigned *blocks, const char *function)
{
    uint64_t key = block_key;
    uint32_t magic = class_magic(size_class);
    struct group now = {0, 0};
    unsigned n = 0;
    for (const struct block *at = *b, *next; at != BLOCK_END; *b = at = next) {
        if (UNLIKELY(!block_linked(at, key)))
            slab_damaged_link(at, size_class, function);
        next = at->next;
        struct group one = group_of(at, magic);
        if (one.word != now.word) {
            if (now.mask)
                group[n++] = now;
            now = (struct group){one.word, 0};
            if (n == GROUPS)
                return n;
            if (UNLIKELY(classmap_get(at) != size_class))
                fault_report(FAULT_INVALID_POINTER, function, at);
        }
        if (UNLIKELY((uint16_t)(uintptr_t)at * magic >= MAGIC_LIMIT))
            fault_report(FAULT_INVALID_POINTER, function, at);
        if (UNLIKELY(now.mask & one.mask))
            fault_report(FAULT_DOUBLE_FREE, function, at);
        now.mask |= one.mask;
        ++*blocks;
    }
    if (now.mask)
        group[n++] = now;
    return n;
}

unsigned pool_drain(unsigned size_class, struct magazine mag, const char *function)
{
    struct group group[GROUPS];
    struct slab *slab[GROUPS];
    const struct block *b = mag.head;
    bool magazine = mag.count > 1;
    unsigned blocks = 0;
    while (b != BLOCK_END) {
        unsigned n = group_chain(&b, size_class, group, &blocks, function);
        find_slabs(size_class, slab, group, n, function);
        put_groups(size_class, slab, group, n, magazine, function);
        magazine = false;
    }
    return blocks;
}

enum slab_verdict pool_inspect(unsigned size_class, const void *p)
{
    pool_lock(size_class);
    bool ours = classmap_get(p) == size_class;
    enum slab_verdict verdict = ours ? slab_inspect(superslab_slab_of(p), p) : SLAB_NOT_A_BLOCK;
    pool_unlock(size_class);
    return verdict;
}

/* --- Trim ----------------------------------------------------------------------------------------*/

/* Purge SLAB, which is in no list and marked: nobody takes blocks from it, and blocks that come
 * back only become free, so the pages found free stay free. Called unlocked. */
static size_t purge_pages(struct slab *slab, const struct page_run *runs, unsigned n, bool *rest_zero)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        size_t size = runs[i].to - runs[i].from;
        huge_plain_pages(slab);
        if (os_purge(slab->base + runs[i].from, size) == 0)
            bytes += size;
        else
            *rest_zero = false;
    }
    return bytes;
}

/* The lock is given up around the system calls. Meanwhile SLAB is in no list and `trimming`: nobody takes
 * blocks from it, nor does it become EMPTY, whatever comes back; and the pages that were free stay so. */
static size_t trim_slab(struct pool *pool, unsigned size_class, struct slab *slab, struct list *empties)
{
    struct page_run runs[SLAB_PAGE_RUNS];
    slab->trimming = slab->trimmed = true;
    list_remove(&slab->link);
    unsigned n = slab_free_pages(slab, os_page_size(), runs);
    pool_unlock(size_class);
    bool rest_zero = true;
    size_t bytes = purge_pages(slab, runs, n, &rest_zero);
    pool_lock(size_class);
    slab->trimming = false;
    /* The page that block `carved` begins on may be in use: the rest is zero only if that page is
     * one whole page of its own. */
    bool aligned = slab->carved * class_size(size_class) % os_page_size() == 0;
    if (n && runs[n - 1].to == GRANULE && rest_zero && aligned)
        slab->fresh = true;
    slab->trimmed = slab->trimmed && rest_zero;
    if (slab->used == 0)
        leave(pool, slab, empties);
    else
        list_push_back(&pool->partial, &slab->link);
    return bytes;
}

/* Trim slabs of the class until *SLABS have been. Each is looked at once: what was trimmed goes to the end of
 * the list, where others add to the front, so that their number at the beginning bounds the walk. */
static size_t trim_class(unsigned size_class, size_t *slabs)
{
    struct pool *pool = &pools[size_class];
    struct list empties;
    size_t bytes = 0, listed = 0;
    list_init(&empties);
    pool_lock(size_class);
    LIST_EACH (l, &pool->partial)
        listed += pool->untrimmed;
    pool->untrimmed = false;
    while (*slabs && listed-- && !list_empty(&pool->partial)) {
        struct slab *slab = LIST_FIRST(&pool->partial, struct slab, link);
        if (slab->trimmed) {
            list_remove(&slab->link);
            list_push_back(&pool->partial, &slab->link);
            continue;
        }
        bytes += trim_slab(pool, size_class, slab, &empties);
        --*slabs;
    }
    pool->untrimmed |= *slabs == 0;
    pool_unlock(size_class);
    if (!list_empty(&empties))
        granules_give_slabs(&empties);
    return bytes;
}

size_t pool_trim(size_t slabs)
{
    size_t bytes = 0;
    for (unsigned c = 1; c < CLASSES && slabs; c++)
        if (load_relaxed(&pools[c].slabs))
            bytes += trim_class(c, &slabs);
    count_purged(bytes);
    return bytes;
}

/* --- Insight -------------------------------------------------------------------------------------*/

struct pool_totals pool_totals(unsigned size_class)
{
    const struct pool *pool = &pools[size_class];
    pool_lock(size_class);
    struct pool_totals totals = {pool->out, pool->carved - pool->out, load_relaxed(&pool->slabs)};
    pool_unlock(size_class);
    return totals;
}

bool pool_over_cap(unsigned size_class)
{
    uint32_t cap = policy(soft_cap[size_class]);
    return UNLIKELY(cap != 0) && load_relaxed(&pools[size_class].slabs) >= cap;
}

/* Without the lock, for the engine: `out` is one aligned word that its owner changes under the lock. Events
 * are compared with those of the last sample, so that one that is missed now counts in the next. */
NO_TSAN struct pool_counts pool_counts(unsigned size_class)
{
    struct pool *pool = &pools[size_class];
    return (struct pool_counts){load_relaxed(&pool->refills), load_relaxed(&pool->drains),
                                load_relaxed(&pool->slabs), (uint32_t)pool->out};
}

unsigned pool_live(const struct slab *slab, const uint8_t *base, uint64_t live[SLAB_WORDS])
{
    unsigned c = slab_class(slab);
    if (c == CLASS_NONE || c >= CLASSES)
        return CLASS_NONE;
    pool_lock(c);
    bool ours = granules_serve(slab, base, c) && slab->used;
    /* A slab with a block that is out leaves its class only under the lock of the class. */
    if (ours)
        slab_live(slab, live);
    pool_unlock(c);
    return ours ? c : CLASS_NONE;
}

struct check {
    unsigned size_class;
    size_t used, carved, with_room;
    void (*fault)(const char *what, const void *where);
};

static void check_slabs(struct superslab *ss, void *arg)
{
    struct check *check = arg;
    for (unsigned i = 0; i < GRANULES; i++) {
        const struct slab *slab = &ss->slab[i];
        if (slab->state != SLAB_ACTIVE || slab->size_class != check->size_class)
            continue;
        check->used += slab->used;
        if (slab->used || slab->trimming) /* else it is on its way to become EMPTY */
            check->carved += slab->carved;
        check->with_room += slab->used < slab->total && slab->used && !slab->trimming;
        if (slab->carved > slab->total || slab->used + slab_free_count(slab) != slab->carved)
            check->fault("slab miscounted", slab->base);
        for (unsigned w = 0; w < slab->first_word && w < SLAB_WORDS; w++)
            if (w < (slab->total + 63u) / 64 && slab->free_bits[w])
                check->fault("slab skips a free block", slab->base);
    }
}

void pool_check(void (*fault)(const char *what, const void *where))
{
    for (unsigned c = 1; c < CLASSES; c++) {
        struct check check = {.size_class = c, .fault = fault};
        size_t listed = 0;
        pool_lock(c);
        granules_each(check_slabs, &check);
        LIST_EACH (l, &pools[c].partial) {
            const struct slab *slab = CONTAINER_OF(l, struct slab, link);
            listed += slab->used != 0; /* a new slab may be listed and still unused */
            if (slab->used == slab->total)
                fault("full slab in the partial list", slab->base);
        }
        if (check.used != pools[c].out || check.carved != pools[c].carved)
            fault("blocks out miscounted", &pools[c]);
        if (check.with_room < listed)
            fault("partial list holds strange slabs", &pools[c]);
        if (check.with_room > listed)
            fault("slab with room not in its partial list", &pools[c]);
        pool_unlock(c);
    }
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_pool[] = {
    LAYOUT_ADDRESS(pools),     LAYOUT_SIZEOF(pool), LAYOUT_FIELD(pool, out),
    LAYOUT_FIELD(pool, locks), LAYOUT_END,
};
