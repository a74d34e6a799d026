/* SPDX-License-Identifier: MIT */
/* adapt/tick.h - what happens a few times a second, on the slow path of whoever comes by. */
#ifndef HAK_TICK_H
#define HAK_TICK_H

#include "events/trace.h"
#include "cache/thread.h"
#include "adapt/helper.h"

/* Behind a slow path, outside the gate: no lock is held, unless the library is just starting. To write a line
 * may take long. */
static ALWAYS_INLINE void tick_traces(void)
{
    if (UNLIKELY(load_relaxed(&trace_waiting) != 0) && !thread_self.starting)
        trace_write();
}

/* The peak may have risen after TC came by the slow path: what was freed last, and counts as in use, is to
 * help, then to go. */
void tick_settle(struct tcache *tc);

/* Give back what has been free for long enough, and let the engine decide, if that is due. TC may be NULL. */
NOINLINE void tick_now(struct tcache *tc);

/* The work of it, for any thread that holds no lock: SLABS partial slabs at most lose their free pages. */
void tick_give_back(uint64_t now_ms, size_t slabs);

/* tick_now, but every so many slow paths of a thread only: the clock is read there. A thread that is ending
 * leaves it to others. */
static ALWAYS_INLINE void tick(struct tcache *tc)
{
    if (UNLIKELY(tc ? tc->until_tick-- == 0 : thread_self.phase != THREAD_ENDED))
        tick_now(tc);
}

/* The same for who allocates: he may have to start the helper. */
static ALWAYS_INLINE void tick_alloc(struct tcache *tc)
{
    tick(tc);
    if (UNLIKELY(load_relaxed(&helper_wanted)))
        helper_begin();
}

#endif
