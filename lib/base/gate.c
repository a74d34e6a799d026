/* SPDX-License-Identifier: MIT */
/* base/gate.c - the way to what threads share, which fork closes. */
#include "base/gate.h"

#include "base/os.h"

THREAD_LOCAL gate_word *gate_own;
THREAD_LOCAL uint8_t gate_state;

/* For how many of its forks the calling thread keeps the gate closed: a handler may fork, too. Owner only. */
static THREAD_LOCAL uint8_t closed_here;

static _Atomic(uint32_t) closed; /* forks under way; seq_cst */
static gate_word others;         /* threads inside that have no word of their own */

enum {
    SPINS = 1000, /* longer than a slow path takes that makes no system call */
    PAUSE_MS = 1  /* then the processor is left to whoever is inside */
};

/* The word is raised before `closed` is read (gate.h says why that order is enough). Who finds it closed
 * takes the word down again at once: fork waits for nobody who then waits. */
NOINLINE bool gate_enter_shared(void)
{
    if (UNLIKELY(gate_is_closed())) { /* not even for a moment: fork would have to wait for that */
        gate_leave();
        return false;
    }
    if (gate_own) {
        gate_state = GATE_BY_OWN;
        atomic_exchange(gate_own, 1);
    } else {
        gate_state = GATE_BY_OTHERS;
        atomic_fetch_add(&others, 1);
    }
    if (LIKELY(atomic_load(&closed) == 0))
        return true;
    gate_leave();
    return false;
}

NOINLINE void gate_leave_shared(void)
{
    if (gate_state == GATE_BY_OTHERS)
        atomic_fetch_sub(&others, 1);
    else
        store_release(gate_own, 0);
    gate_state = GATE_OUTSIDE;
}

/* Wait until *WORD is 0. It may change without a wake, as leaving the gate is to cost no more than a store:
 * hence short sleeps. */
static void wait_for(const gate_word *word)
{
    static _Atomic(uint32_t) nobody;
    for (unsigned n = 0; atomic_load(word) != 0; n++)
        if (n < SPINS)
            cpu_pause();
        else
            os_futex_wait_ms(&nobody, 0, PAUSE_MS);
}

/* `closed_here`: the thread runs a handler of its own fork. Nobody else waits for it, and whom it would wait
 * for is itself. */
void gate_enter_waiting(void)
{
    while (!gate_enter()) {
        if (closed_here) {
            lock_busy++;
            return;
        }
        wait_for(&closed);
    }
}

bool gate_is_closed(void)
{
    return atomic_load(&closed) != 0;
}

void gate_close(void)
{
    closed_here++;
    atomic_fetch_add(&closed, 1);
    wait_for(&others);
}

void gate_wait_for(const gate_word *word)
{
    wait_for(word);
}

/* False where prepare did not close it, in a process of one thread: there is nothing to do then. */
bool gate_open(void)
{
    if (!closed_here)
        return false;
    closed_here--;
    return atomic_fetch_sub(&closed, 1) == 1;
}

/* The other threads are not there, so their counts are of the past. This one may have forked from inside, by
 * a handler: then it is still there. */
void gate_forked(void)
{
    closed_here = 0;
    store_relaxed(&closed, 0);
    store_relaxed(&others, gate_state == GATE_BY_OTHERS);
}

void gate_abandon(void)
{
    lock_busy = 0;
    if (gate_state)
        gate_leave_shared();
}
