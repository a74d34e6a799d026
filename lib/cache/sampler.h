/* SPDX-License-Identifier: MIT */
/* cache/sampler.h - the cache of a thread while allocations are sampled: it is cut.
 *
 * malloc and free know nothing of sampling. A class of a cut cache has no more blocks in its list than may
 * be popped until its next sample (chance.h): so malloc runs at its full speed, and misses the list just
 * where the sample is. For that to hold, each free takes the slow path: the window of a cut cache holds no
 * address, so that heap_free_odd gets what is freed, and pushes it (sampler_push): on the list while that
 * stays short enough, else on the spare magazine, which `until_tick`, being 0, keeps from becoming the list
 * by itself. Whatever has no class comes by the slow path in any case, as nothing is kept on the shelf, nor
 * parked.
 *
 *   cut: tc->epoch is odd, and the number of samples.epoch when the thread obeyed last
 *   list of class c <= max(0, chance.due[c] - tcache_popped(c)), for each class
 *   window_granules = 0, until_tick = 0, no spans on the shelf
 *
 * A thread learns that sampling began or ended when its next slow path compares the two epochs. One that
 * never misses is sent there: thread_knock stores 0 in the window_granules of every cache, the hakmem
 * command does so from outside. That is safe at any moment, and in any pieces: the window only becomes
 * smaller, and an address outside of it takes the slow path, which looks it up anew. The owner may undo it
 * at the same moment (tcache_renew): who samples knocks again at each tick where a cache has not obeyed
 * (adapt/sampling.c). A thread that sleeps obeys when it wakes. */
#ifndef HAK_SAMPLER_H
#define HAK_SAMPLER_H

#include "events/samples.h"
#include "cache/shelf.h"
#include "cache/thread.h"

/* TC may have to obey, or is cut. */
static ALWAYS_INLINE bool sampler_concerns(const struct tcache *tc)
{
    return (load_relaxed(&tc->epoch) | load_relaxed(&samples.epoch)) != 0;
}

/* Cut TC, the caller's, or let it be as others again, if sampling has begun or ended since; true if it is cut
 * now. Inside the gate. */
bool sampler_obey(struct tcache *tc, const char *function);

/* P is freed in a cut cache: true if it went where that needs no gate. */
bool sampler_push(struct tcache *tc, void *p);

/* The same for a block of class C inside the gate, whichever way it goes. */
void sampler_push_slow(struct tcache *tc, unsigned c, void *p, const char *function);

/* Is the next block of class C, or of SIZE bytes that have none, a sample? Then the one after it is drawn. */
bool sampler_hits(struct tcache *tc, unsigned c);
bool sampler_hits_size(struct tcache *tc, size_t size);

static inline struct sample_thread sampler_thread(const struct tcache *tc)
{
    uint32_t number = (uint32_t)((uintptr_t)tc >> 6) | UINT32_C(1) << 31; /* no kernel ID has that bit */
    return (struct sample_thread){THREAD_CAN_TELL ? tc->tid : number, tc->stack_top};
}

#endif
