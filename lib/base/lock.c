/* SPDX-License-Identifier: MIT */
/* base/lock.c - the slow side of locks: spin, then futex.
 *
 * The three-state futex lock: whoever waits sets state to 2, so that the holder knows to wake.
 * It never yields: sched_yield is killed by common sandboxes. */
#include "base/lock.h"

#include "base/os.h"

THREAD_LOCAL uint16_t lock_busy;
THREAD_LOCAL bool lock_no_clock;
uint32_t lock_linger;

enum { SPINS = 100 }; /* about the time a holder needs for one magazine */

const char *const lock_rank_name[RANK_COUNT] = {
#define LOCK_RANK(id, name) [RANK_##id] = name,
    LOCK_RANKS(LOCK_RANK)
#undef LOCK_RANK
};

struct lock_row lock_table[RANK_COUNT];

void lock_take(enum lock_rank rank)
{
    lock_take_one(&lock_table[rank].lock, rank);
}

void lock_give(enum lock_rank rank)
{
    lock_give_one(&lock_table[rank].lock, rank);
}

void lock_reset_table(void)
{
    for (enum lock_rank rank = 0; rank < RANK_COUNT; rank++)
        lock_reset(&lock_table[rank].lock);
}

/* Counted where a thread waits anyway: a lock that is free costs nothing for it. Relaxed. */
static struct {
    _Atomic(uint64_t) contended, slept;
} waits[RANK_COUNT];

void lock_wait(struct lock *l, enum lock_rank rank)
{
    add_relaxed(&waits[rank].contended, 1);
    for (int i = 0; i < SPINS; i++) {
        uint32_t unlocked = 0;
        if (load_relaxed(&l->state) == 0 &&
            atomic_compare_exchange_strong_explicit(&l->state, &unlocked, 1, memory_order_acquire,
                                                    memory_order_relaxed))
            return;
        cpu_pause();
    }
    while (atomic_exchange_explicit(&l->state, 2, memory_order_acquire) != 0) {
        add_relaxed(&waits[rank].slept, 1);
        os_futex_wait(&l->state, 2);
    }
}

struct lock_contention lock_contention(enum lock_rank rank)
{
    return (struct lock_contention){load_relaxed(&waits[rank].contended), load_relaxed(&waits[rank].slept)};
}

void lock_wake(struct lock *l)
{
    os_futex_wake(&l->state, 1);
}

/* Bit r: the thread holds a lock of rank r. Debug builds only write it. */
static THREAD_LOCAL uint32_t held;

void lock_note_taken(enum lock_rank rank)
{
    HAK_ASSERT((held & ~0u << rank) == 0);
    held |= 1u << rank;
}

void lock_note_given(enum lock_rank rank)
{
    held &= ~(1u << rank);
}

bool lock_any_held(void)
{
    return held != 0;
}
