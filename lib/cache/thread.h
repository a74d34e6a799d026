/* SPDX-License-Identifier: MIT */
/* cache/thread.h - which thread has which cache. */
#ifndef HAK_THREAD_H
#define HAK_THREAD_H

#include "base/gate.h"
#include "cache/tcache.h"

enum thread_phase {
    THREAD_NEW,   /* has not come by the slow path yet */
    THREAD_LIVE,  /* has a cache */
    THREAD_ENDED, /* has given its cache up; libc may still free after that: served uncached */
};

typedef void (*thread_hook)(void);

/* The thread-local storage of the library, with os_error (os.h), lock_busy (lock.h), and what gate.h and
 * fork.c have. Owner only. */
struct thread_self {
    struct tcache *cache; /* never NULL; &tcache_empty where there is none */
    /* The same for functions that end in others of the family (family.h), once one of them has found that
     * those others are all ours; until then, and where they are not, &tcache_empty. */
    struct tcache *derived;
    enum thread_phase phase;
    bool starting; /* this thread is inside hak_start */
};
extern THREAD_LOCAL struct thread_self thread_self;

#define TCACHE_NONE ((struct tcache *)&tcache_empty)

/* Called, where it is set, when a thread has ended and one at most is left; no lock held, outside the gate.
 * The helper sets it (adapt/helper.c). Atomic: release. */
HIDDEN extern _Atomic(thread_hook) thread_alone_again;

/* Once, at start. */
void thread_init(void);

/* Give the calling thread, of phase THREAD_NEW, a cache. NULL if there is no memory for one. */
struct tcache *thread_begin(void);

/* Bytes of blocks in caches whose threads have ended. */
size_t thread_idle_bytes(void);

/* Return the blocks in caches whose threads ended before BEFORE_MS to their slabs. Inside the gate. */
void thread_flush_idle(uint64_t before_ms, const char *function);

/* Call EACH for every cache of this process, the THREADS lock held; and for those of threads that a fork left
 * behind: their counters are of the past, and what lies in them is lost. */
void thread_each(void (*each)(const struct tcache *tc, void *arg), void *arg);
void thread_each_forgotten(void (*each)(const struct tcache *tc, void *arg), void *arg);
size_t thread_count(void);

/* fork.c: call EACH for the word of every cache. The gate is closed and nobody without a word is inside, so
 * that no cache comes or goes. */
void thread_each_unlocked(void (*each)(const gate_word *word));

/* Finish with the caches of threads that ended while the gate was closed. */
void thread_resume(void);

/* The child has one thread: the caches of the others are nobody's. What lay in them is lost to the
 * child: they may have been copied in the middle of a change. */
void thread_forget_others(void);

#endif
