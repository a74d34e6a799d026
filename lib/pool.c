/* SPDX-License-Identifier: MIT */
/* pool.c - the shared pool (floor F4).
 *
 * One lock for each class guards its partial list, its count and every ACTIVE slab of the class.
 * New slabs are taken, and EMPTY ones given, with the lock released: the superslab floor makes
 * system calls. A slab between the two floors is in no list and known to one thread only. */
#include "pool.h"

#include "counters.h"
#include "layout.h"
#include "os.h"
#include "policy.h"
#include "superslab.h"

struct pool {
    struct lock lock;
    bool ready;
    struct list partial; /* slabs with room, latest first */
    bool untrimmed;      /* a block came back since all partial slabs were trimmed */
    size_t out;          /* sum of `used` over all slabs of the class */
    size_t carved;       /* the same of `carved` */
    /* Written under the lock, read by anybody: atomics, relaxed. */
    _Atomic(uint32_t) refills, drains; /* magazines, since start */
    _Atomic(uint32_t) slabs;           /* ACTIVE, but those on their way */
} CACHE_ALIGNED;

static struct pool pools[CLASSES];

/* Lock held: nobody else writes. */
static void bump(_Atomic(uint32_t) *n, uint32_t by)
{
    store_relaxed(n, load_relaxed(n) + by);
}

static void pool_lock(unsigned size_class)
{
    struct pool *pool = &pools[size_class];
    lock_take(&pool->lock, RANK_CLASS);
    if (UNLIKELY(!pool->ready)) {
        list_init(&pool->partial);
        pool->ready = true;
    }
}

static void pool_unlock(unsigned size_class)
{
    lock_give(&pools[size_class].lock, RANK_CLASS);
}

void pool_each_lock(lock_visitor *visit)
{
    for (unsigned c = 0; c < CLASSES; c++)
        visit(&pools[c].lock);
}

/* Fill MAG from partial slabs. Freed blocks are taken from as many slabs as it needs, new ones from
 * one page. Class lock held. */
static void take_partial(struct pool *pool, unsigned want, struct magazine *mag, bool *untouched)
{
    while (mag->count < want && !list_empty(&pool->partial)) {
        struct slab *slab = LIST_FIRST(&pool->partial, struct slab, link);
        bool freed = slab->used < slab->carved;
        if (mag->count && !freed)
            break;
        unsigned before = mag->count, carved = slab->carved;
        slab_take(slab, want - before, mag, untouched);
        pool->out += mag->count - before;
        pool->carved += slab->carved - carved;
        if (slab->used == slab->total)
            list_remove(&slab->link);
        else if (!freed)
            break;
        count(COUNT_STAGE_PARTIAL, freed);
    }
}

struct magazine pool_refill(unsigned size_class, unsigned want, bool *untouched)
{
    struct pool *pool = &pools[size_class];
    struct magazine mag = {BLOCK_END, 0};
    bool all_untouched = true;
    for (;;) {
        pool_lock(size_class);
        take_partial(pool, want, &mag, &all_untouched);
        bump(&pool->refills, mag.count > 1); /* one: not for a magazine */
        pool_unlock(size_class);
        if (mag.count)
            break;
        struct slab *slab = superslab_take_slab(size_class);
        if (!slab)
            break;
        pool_lock(size_class);
        list_push_front(&pool->partial, &slab->link);
        bump(&pool->slabs, 1);
        pool_unlock(size_class);
    }
    if (untouched)
        *untouched = all_untouched;
    return mag;
}

/* SLAB, whose last block came back, leaves the class. Class lock held. */
static void leave(struct pool *pool, struct slab *slab, struct list *empties)
{
    list_remove(&slab->link);
    list_push_back(empties, &slab->link);
    pool->carved -= slab->carved;
    bump(&pool->slabs, UINT32_MAX);
}

/* Take one block of SLAB back; a slab that becomes EMPTY moves to EMPTIES. Class lock held. */
static enum slab_verdict put_block(struct pool *pool, struct slab *slab, const struct block *b,
                                   struct list *empties)
{
    bool was_full = slab->used == slab->total;
    enum slab_verdict verdict = slab_put(slab, b);
    if (verdict != SLAB_OK)
        return verdict;
    pool->out--;
    pool->untrimmed = true;
    if (slab->trimming)
        return SLAB_OK; /* whoever trims puts it where it belongs */
    if (slab->used == 0)
        leave(pool, slab, empties);
    else if (was_full)
        list_push_front(&pool->partial, &slab->link);
    return SLAB_OK;
}

void pool_drain(unsigned size_class, struct magazine mag, const char *function)
{
    struct pool *pool = &pools[size_class];
    struct list empties;
    list_init(&empties);
    int fault = -1;
    const struct block *b = mag.head;
    struct slab *slab = NULL; /* of the block before: often of this one, too */
    pool_lock(size_class);
    bump(&pool->drains, mag.count > 1);
    while (b != BLOCK_END) {
        const struct block *next = b->next;
        if (!block_linked(b, block_key)) {
            fault = FAULT_DAMAGED_LIST;
            break;
        }
        if (!slab || (uintptr_t)b - (uintptr_t)slab->base >= GRANULE || slab->used == 0)
            slab = classmap_get(b) == size_class ? superslab_slab_of(b) : NULL;
        enum slab_verdict verdict = slab ? put_block(pool, slab, b, &empties) : SLAB_NOT_A_BLOCK;
        if (verdict != SLAB_OK) {
            fault = verdict == SLAB_IS_FREE ? FAULT_DOUBLE_FREE : FAULT_INVALID_POINTER;
            break;
        }
        b = next;
    }
    pool_unlock(size_class);
    if (!list_empty(&empties))
        superslab_give_slabs(&empties);
    if (UNLIKELY(fault >= 0))
        report_fault((enum fault)fault, function, b);
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
        superslab_plain_pages(slab);
        if (os_purge(slab->base + runs[i].from, size) == 0)
            bytes += size;
        else
            *rest_zero = false;
    }
    return bytes;
}

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

/* Trim slabs of the class until *SLABS have been; each is looked at once. */
static size_t trim_class(unsigned size_class, size_t *slabs)
{
    struct pool *pool = &pools[size_class];
    struct list empties;
    size_t bytes = 0, listed = 0;
    list_init(&empties);
    pool_lock(size_class);
    for (struct list *l = pool->partial.next; pool->untrimmed && l != &pool->partial; l = l->next)
        listed++;
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
        superslab_give_slabs(&empties);
    return bytes;
}

size_t pool_trim(size_t slabs)
{
    size_t bytes = 0;
    for (unsigned c = 1; c < CLASSES && slabs; c++)
        if (load_relaxed(&pools[c].slabs))
            bytes += trim_class(c, &slabs);
    count(COUNT_PURGED_BYTES, bytes);
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

NO_TSAN struct pool_counts pool_counts(unsigned size_class)
{
    struct pool *pool = &pools[size_class];
    return (struct pool_counts){load_relaxed(&pool->refills), load_relaxed(&pool->drains),
                                load_relaxed(&pool->slabs), (uint32_t)pool->out};
}

size_t pool_blocks_out(unsigned size_class)
{
    return pool_totals(size_class).out;
}

unsigned pool_live(const struct slab *slab, const uint8_t *base, uint64_t live[SLAB_WORDS])
{
    unsigned c = slab_class(slab);
    if (c == CLASS_NONE || c >= CLASSES)
        return CLASS_NONE;
    pool_lock(c);
    superslab_lock();
    bool ours = slab->state == SLAB_ACTIVE && slab->size_class == c && slab->used && slab->base == base;
    superslab_unlock();
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
        superslab_each(check_slabs, &check);
        for (struct list *l = pools[c].partial.next; l != &pools[c].partial; l = l->next) {
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
    LAYOUT_SIZEOF(pool),
    LAYOUT_FIELD(pool, out),
    LAYOUT_END,
};
const struct layout_row layout_at_pool[] = {
    LAYOUT_ADDRESS(pools),
    LAYOUT_END,
};
