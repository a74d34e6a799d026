/* SPDX-License-Identifier: MIT */
/* base/gate.h - the way to what threads share, which fork closes.
 *
 * fork copies the memory of all threads while they run. The child can go on with the heap only if nobody was
 * changing it then. Holding the locks of the heap over fork would see to that, and deadlock: the C library
 * takes locks of its own after all fork handlers have run (streams, name services, the handlers' list), whose
 * holders may be waiting for malloc. Hence no lock is held. Instead:
 *
 *   Whoever changes shared state enters the gate first and leaves it afterwards. fork closes it and waits for
 *   those inside; they wait for nothing but locks of the heap and the system. A thread that finds the gate
 *   closed does without: memory comes from the C library, whose own locks fork takes last, and what is freed
 *   waits with the thread or on a list (aside.c). So nobody waits for fork, and fork for nobody outside.
 *
 * Ordering: a thread sets its word and then reads `closed`; fork raises `closed` and then reads the words;
 * all four are seq_cst, so one of the two sees the other. A word goes back to 0 by a release that fork's read
 * acquires: what was done inside is in the child's copy. Readers under a lock need not enter; the child
 * frees all locks (lock_reset). Caches of threads are not shared: hot paths know nothing of the gate.
 *
 * A process of one thread has nobody to wait for: `single_threaded` skips the words. */
#ifndef HAK_GATE_H
#define HAK_GATE_H

#include "base/lock.h"

/* 1 while its thread is inside. Written by the owner, read by fork. */
typedef _Atomic(uint32_t) gate_word;

/* The word of the calling thread, or NULL: then it is counted with the others of that kind. Owner only. */
extern THREAD_LOCAL gate_word *gate_own;

/* What gate_enter set and gate_leave will reset. GATE_OUTSIDE also where one thread needs none. Owner
 * only. */
enum gate_state { GATE_OUTSIDE, GATE_BY_OWN, GATE_BY_OTHERS };
extern THREAD_LOCAL uint8_t gate_state;

bool gate_enter_shared(void);
void gate_leave_shared(void);

/* Enter, unless it is closed. Within itself it always succeeds. Nothing may be waited for inside. */
static ALWAYS_INLINE bool gate_enter(void)
{
    bool inside = lock_busy++ != 0;
    atomic_signal_fence(memory_order_seq_cst);
    return inside || single_threaded() || gate_enter_shared();
}

static ALWAYS_INLINE void gate_leave(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    if (--lock_busy == 0 && gate_state)
        gate_leave_shared();
}

/* Enter, after a wait if it must be. Only where nothing else can be done. The thread that forks does not wait
 * for itself: it is in the middle of nothing when it makes the copy. */
void gate_enter_waiting(void);

/* True if a fork is under way. seq_cst, as gate_open is: who left something to be done when the gate opens
 * looks again, and does it himself if it has opened meanwhile. */
bool gate_is_closed(void);

/* fork.c: close it and wait for threads without a word; wait for the owner of WORD. */
void gate_close(void);
void gate_wait_for(const gate_word *word);
/* Open it again, if this thread closed it: true if no other fork keeps it closed. */
bool gate_open(void);
/* The last step of the child. */
void gate_forked(void);

/* The calling thread is about to end the process, or to leave by an exception: nobody waits for it. */
void gate_abandon(void);

#endif
