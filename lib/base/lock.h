/* SPDX-License-Identifier: MIT */
/* base/lock.h - locks with ranks.
 *
 * A thread takes locks in rising rank only; a debug build aborts on any other order. None is held over
 * fork (gate.h). Nothing that holds a lock reads a clock, which a debug build asserts, nor makes a system
 * call other than futex: but START and CHECKED, which span whole calls, and STARTUP and META, which map
 * memory where the first of its kind is needed. */
#ifndef HAK_LOCK_H
#define HAK_LOCK_H

#include "base/atomic.h"

/* The ranks in order, with the names by which HAKMEM_SHARED_POOL_LOCK_STATS calls them. */
#define LOCK_RANKS(X)                                                                                        \
    X(START, "start")     /* init.c: the one-time start */                                                   \
    X(ENGINE, "engine")   /* engine.c: settings and decisions */                                             \
    X(THREADS, "threads") /* thread.c: the list of thread caches */                                          \
    X(CHECKED, "checked") /* checked.c: serialises the checked mode */                                       \
    X(STARTUP, "startup") /* startup.c: the first granule; may map the first superslab while held */         \
    X(CLASS, "class")     /* pool.c: one for each size class, taken one at a time */                         \
    X(STRIPS, "strips")   /* strip.h: mappings cut into blocks of 32 KiB to 1 MiB */                         \
    X(LARGE, "large")     /* large.c: the cache of large mappings */                                         \
    X(ARENA, "arena")     /* arena.c: all granules */                                                        \
    X(SAMPLES, "samples") /* samples.c: tables of sampled allocations */                                     \
    X(GUARD, "guard")     /* guard.h: slots of guarded blocks */                                             \
    X(META, "meta") /* meta.c, classmap.c: maps memory for descriptors while held (rare, never purges) */

enum lock_rank {
#define LOCK_RANK(id, name) RANK_##id,
    LOCK_RANKS(LOCK_RANK)
#undef LOCK_RANK
        RANK_COUNT
};

/* All zero is a free lock. The rank is an argument, so that locks need no initial value. */
struct lock {
    _Atomic(uint32_t) state; /* 0 free, 1 held, 2 held and somebody waits */
};

/* The lock of each rank, on a line of its own. RANK_CLASS has many, which lie with what they guard (pool.c);
 * its row is not used. */
struct lock_row {
    struct lock lock;
} CACHE_ALIGNED;
HIDDEN extern struct lock_row lock_table[RANK_COUNT];

/* How deep the calling thread is in work that a signal handler may interrupt half done: locks that it holds
 * and gates that it is in (gate.h). Owner only; a handler of the thread finds it not 0 there. */
extern THREAD_LOCAL uint16_t lock_busy;

/* The calling thread holds a lock for the whole of a call, slow paths included (START, CHECKED):
 * clock_now_ms tells the time that was read before. Owner only. */
extern THREAD_LOCAL bool lock_no_clock;

void lock_wait(struct lock *l, enum lock_rank rank);
void lock_wake(struct lock *l);

/* How often a thread found a lock of RANK held, and how often it slept for one. */
extern const char *const lock_rank_name[RANK_COUNT];
struct lock_contention {
    uint64_t contended, slept;
};
struct lock_contention lock_contention(enum lock_rank rank);

/* Debug builds: note and check the order. */
void lock_note_taken(enum lock_rank rank);
void lock_note_given(enum lock_rank rank);
bool lock_any_held(void);

/* Debug builds: pauses between the look whether there is one thread and what is then done plainly, so that a
 * test can make a long time of that. */
extern uint32_t lock_linger;
static inline void lock_note_plain(void)
{
    for (uint32_t i = 0; HAK_DEBUG && i < lock_linger; i++)
        cpu_pause();
}

/* L is one of several locks of RANK. */
static inline void lock_take_one(struct lock *l, enum lock_rank rank)
{
    lock_busy++;
    atomic_signal_fence(memory_order_seq_cst);
    if (HAK_DEBUG)
        lock_note_taken(rank);
    uint32_t unlocked = 0;
    if (single_threaded()) { /* nobody else can hold it, and nobody waits */
        lock_note_plain();
        store_relaxed(&l->state, 1);
        return;
    }
    if (!atomic_compare_exchange_strong_explicit(&l->state, &unlocked, 1, memory_order_acquire,
                                                 memory_order_relaxed))
        lock_wait(l, rank);
}

static inline void lock_give_one(struct lock *l, enum lock_rank rank)
{
    if (HAK_DEBUG)
        lock_note_given(rank);
    if (single_threaded())
        store_relaxed(&l->state, 0);
    else if (atomic_exchange_explicit(&l->state, 0, memory_order_release) == 2)
        lock_wake(l);
    atomic_signal_fence(memory_order_seq_cst);
    lock_busy--;
}

/* Swap *P from EXPECTED to DESIRED; acquire and release. False if it was something else. */
static ALWAYS_INLINE bool swap_word(_Atomic(uint64_t) *p, uint64_t expected, uint64_t desired)
{
    bool swapped;
    lock_busy++;
    atomic_signal_fence(memory_order_seq_cst);
    if (single_threaded()) {
        swapped = load_relaxed(p) == expected;
        lock_note_plain();
        if (swapped)
            store_relaxed(p, desired);
    } else {
        swapped = atomic_compare_exchange_strong_explicit(p, &expected, desired, memory_order_acq_rel,
                                                          memory_order_relaxed);
    }
    atomic_signal_fence(memory_order_seq_cst);
    lock_busy--;
    return swapped;
}

/* The one of RANK. */
void lock_take(enum lock_rank rank);
void lock_give(enum lock_rank rank);

/* In the child of fork locks are free, whoever held them: nobody was changing what they guard (gate.h). */
static inline void lock_reset(struct lock *l)
{
    store_relaxed(&l->state, 0);
}
void lock_reset_table(void);

#endif
