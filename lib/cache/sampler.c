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

/* False: there is no memory for it, and the thread is not sampled. Its seed is secret, as that of each process, and
 * its own. */
static bool begin(struct tcache *tc, const char *function)
{
    if (!tc->chance && !(tc->chance = meta_alloc(sizeof *tc->chance)))
        return false;
    tcache_flush(tc, function);
    shelf_flush(tc, function);
    tc->chance->mean = samples_totals(0).mean;
    chance_seed(tc->chance, block_key ^ (uintptr_t)tc ^ tcache_popped(tc, 1) << 32 ^ load_relaxed(&samples.epoch));
    for (unsigned c = 1; c < CLASSES; c++)
        draw(tc, c);
    tc->chance->until_tick = 0;
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

/* How many blocks of class C may be popped until the next sample. */
static size_t room(const struct tcache *tc, unsigned c)
{
    uint64_t due = tc->chance->due[c], popped = tcache_popped(tc, c);
    return due > popped ? due - popped : 0;
}

bool sampler_push(struct tcache *tc, void *p)
{
    if (!window_holds(p))
        return false;
    unsigned c = load_relaxed(classmap_mark(p)) / CLASS_MARK;
    if (c == CLASS_NONE || c >= CLASSES || (uint16_t)(uintptr_t)p * tc->magic[c] >= MAGIC_LIMIT)
        return false;
    struct bin *bin = &tc->bin[c];
    struct tcache_class *cold = &tc->cold[c];
    struct block *b = p;
    size_t listed = tcache_listed(tc, c);
    if (UNLIKELY(bin->head == b) || UNLIKELY(cold->gathers))
        return false;
    if (LIKELY(listed < cold->capacity && listed < room(tc, c))) {
        bin->fill += FILL_PUSH;
        INTERRUPTED_HERE();
        block_link(b, bin->head, block_key);
        INTERRUPTED_HERE();
        bin->head = b;
        return true;
    }
    if (cold->spares >= cold->capacity || cold->spare == b)
        return false;
    block_link(b, cold->spare, block_key);
    INTERRUPTED_HERE();
    cold->spares++;
    INTERRUPTED_HERE();
    cold->spare = b;
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
    if (room(tc, c) > 0)
        return false;
    draw(tc, c);
    return true;
}

bool sampler_hits_size(struct tcache *tc, size_t size)
{
    return chance_distance(tc->chance, chance_weight(size)) == 0;
}
