/* SPDX-License-Identifier: MIT */
/* cache/sampler.c - the cache of a thread while allocations are sampled. */
#include "cache/sampler.h"

#include "base/meta.h"
#include "base/os.h"

/* Draw the distance to the next sample of class C. */
static void draw(struct tcache *tc, unsigned c)
{
    uint64_t n = chance_distance(tc->chance, class_size(c));
    tc->chance->due[c] = tcache_popped(tc, c) + n;
}

/* False: there is no memory for it, and the thread is not sampled. Its seed is secret, as that of each
 * process, and its own. */
static bool begin(struct tcache *tc, const char *function)
{
    if (!tc->chance && !(tc->chance = meta_alloc(sizeof *tc->chance)))
        return false;
    tcache_flush(tc, function);
    shelf_flush(tc, function);
    tc->chance->mean = samples_totals(0).mean;
    chance_seed(tc->chance,
                block_key ^ (uintptr_t)tc ^ tcache_popped(tc, 1) << 32 ^ load_relaxed(&samples.epoch));
    for (unsigned c = 1; c < CLASSES; c++)
        draw(tc, c);
    tc->chance->until_tick = 0;
    tc->window = load_relaxed(&classmap_window.marks);
    tc->window_granules = 0;
    tc->until_tick = 0;
    return true;
}

bool sampler_obey(struct tcache *tc, const char *function)
{
    uint32_t epoch = load_acquire(&samples.epoch), was = load_relaxed(&tc->epoch);
    if (UNLIKELY(epoch != was)) {
        if ((epoch & 1) && !begin(tc, function))
            epoch &= ~1u; /* another try at its next slow path */
        store_relaxed(&tc->epoch, epoch);
        if (!(epoch & 1))
            (void)tcache_renew(tc, NULL);
    }
    return epoch & 1;
}

/* P goes to the front of the list, or of the spare magazine: each instruction leaves both sound. */
static ALWAYS_INLINE void push_listed(struct bin *bin, struct block *b)
{
    bin->fill += FILL_PUSH;
    INTERRUPTED_HERE();
    block_link(b, bin->head, block_key);
    INTERRUPTED_HERE();
    bin->head = b;
}

static bool push_spare(struct tcache_class *cold, struct block *b)
{
    if (cold->spares >= cold->capacity || cold->spare == b)
        return false;
    block_link(b, cold->spare, block_key);
    INTERRUPTED_HERE();
    cold->spares++;
    INTERRUPTED_HERE();
    cold->spare = b;
    return true;
}

/* As heap_free_to (heap.h), by the window that is, and not that of the cache. */
bool sampler_push(struct tcache *tc, void *p)
{
    if (UNLIKELY(!window_holds(p)))
        return false;
    size_t mark = load_relaxed(tcache_mark(tc, p));
    unsigned c = (unsigned)mark / CLASS_MARK;
    /* Of classes that have no blocks the magic is 0, or passes for a span with a bin. */
    if (UNLIKELY(c - 1 >= CLASSES - 1) ||
        UNLIKELY((uint16_t)(uintptr_t)p * *tcache_magic(tc, mark) >= MAGIC_LIMIT))
        return false;
    struct bin *bin = tcache_bin(tc, mark);
    struct tcache_class *cold = &tc->cold[c];
    if (UNLIKELY(bin->head == p))
        return false;
    /* That of a class that gathers is 0. */
    size_t listed = tcache_listed(tc, c);
    if (UNLIKELY(listed >= cold->capacity) || UNLIKELY(listed + tcache_popped(tc, c) >= tc->chance->due[c]))
        return push_spare(cold, p);
    push_listed(bin, p);
    return true;
}

void sampler_push_slow(struct tcache *tc, unsigned c, void *p, const char *function)
{
    struct tcache_class *cold = &tc->cold[c];
    if (p == tc->bin[c].head || p == cold->spare)
        fault_report(FAULT_DOUBLE_FREE, function, p);
    if (cold->gathers) {
        tc->bin[c].fill += FILL_PUSH;
        if (!tcache_push_near(tc, c, p))
            tcache_push_slow(tc, c, p, function);
    } else if (!sampler_push(tc, p)) {
        tcache_push_spare(tc, c, p, function);
    }
}

bool sampler_hits(struct tcache *tc, unsigned c)
{
    if (tcache_room(tc, c) > 0)
        return false;
    draw(tc, c);
    return true;
}

bool sampler_hits_size(struct tcache *tc, size_t size)
{
    return chance_distance(tc->chance, chance_weight(size)) == 0;
}
