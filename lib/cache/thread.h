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
    /* Never NULL; &tcache_empty where there is none. In a live thread it may become that at any instruction
     * (below): who needs a cache twice in a call keeps what it read first. */
    _Atomic(struct tcache *) cache;
    /* The same for functions that end in others of the family (family.h), once one of them has found that
     * those others are all ours; until then, and where they are not, &tcache_empty. */
    _Atomic(struct tcache *) derived;
    enum thread_phase phase;
    bool starting; /* this thread is inside hak_start */
};
extern THREAD_LOCAL struct thread_self thread_self;

#define TCACHE_NONE ((struct tcache *)&tcache_empty)

/* Called, where it is set, when a thread has ended and one at most is left; no lock held, outside the gate.
 * The helper sets it (adapt/helper.c). Atomic: release. */
HIDDEN extern _Atomic(thread_hook) thread_alone_again;
static ALWAYS_INLINE struct tcache *thread_cache(void)
{
    return load_relaxed(&thread_self.cache);
}

static ALWAYS_INLINE struct tcache *thread_derived(void)
{
    return load_relaxed(&thread_self.derived);
}

/* The same for tcache_pop alone: it uses what it gets once, for an address that it hides from the compiler,
 * so that nothing can be read twice. A plain load may be part of that sum, one instruction less. */
static ALWAYS_INLINE struct tcache *thread_cache_once(void)
{
    return *(struct tcache *const *)&thread_self.cache;
}

static ALWAYS_INLINE struct tcache *thread_derived_once(void)
{
    return *(struct tcache *const *)&thread_self.derived;
}

/* The cache of a thread of phase THREAD_LIVE, whoever holds it. */
static ALWAYS_INLINE struct tcache *thread_own(void)
{
    return CONTAINER_OF(gate_own, struct tcache, inside);
}

/* Once, at start. */
void thread_init(void);

/* Give the calling thread, of phase THREAD_NEW, a cache. NULL if there is no memory for one. */
struct tcache *thread_begin(void);

/* --- Caches of threads that sleep ------------------------------------------------------------------------
 *
 * A cache is changed by its thread, which asks nobody: hot paths read thread_self.cache once, and work on
 * plain words. So another thread, the helper (sleepers.c), may change it only while the owner cannot: while
 * it sleeps with no frame of this library on its stack, and until it is told.
 *
 *   the helper finds that the thread sleeps, at a moment m1, without a frame of ours
 *   thread_set_aside: holder = ASIDE, then thread_self.cache = thread_self.derived = &tcache_empty
 *   a barrier of all threads
 *   the helper finds that the thread sleeps, at m2, and has not run since m1
 *   thread_take: ASIDE -> TAKEN. The helper returns the blocks
 *   thread_put_back: TAKEN -> ASIDE
 *
 * The owner, at its next slow path, finds the empty cache: thread_reclaim, ASIDE -> OWNER. Nobody waits:
 * while the cache is TAKEN, the owner is served uncached.
 *
 * Who may touch the cache: the owner in a call that read it (from thread_self, or by thread_own after
 * that), and the helper in TAKEN. Never both: a call that read it before it was set aside began before m2;
 * had it begun before m1, its frame had been seen; else the thread ran between m1 and m2, and the helper
 * does not go on. A call after m2 reads the empty cache: the barrier. It comes to the cache by ASIDE ->
 * OWNER alone, which excludes ASIDE -> TAKEN. What the helper does in TAKEN the owner acquires with that
 * exchange; what the owner did before m1 the helper sees by the barrier: the owner has been switched out
 * since.
 *
 * A thread that ran in between finds its cache set aside under a call, at any instruction, and goes on with
 * what it has: the cache is its own, as the helper gave up. It may even write what it read back
 * (family_settle, thread_reclaim), so that a thread uses a cache that is ASIDE: that is sound until the
 * next m1, and from there on both words are set again.
 *
 * ABA: only one thread, the helper, makes a cache ASIDE; thread_begin makes it OWNER, the end of its thread
 * LEFT, from where no exchange of the helper starts. Reclamation: caches are never unmapped. The TLS of the
 * owner is written under the THREADS lock and not after LEFT, and the end of a thread takes that lock after
 * it has said LEFT. If the cache is TAKEN then, the helper retires it.
 *
 * fork: TAKEN is within the gate, so no child has such a cache. A child whose copy was made while its cache
 * was ASIDE takes it back as any thread. A child of vfork runs on its parent's stack, with its cache: the
 * parent waits uninterruptibly, which is no sleep to the helper. */
#if defined(__x86_64__) && defined(__LP64__) && !defined(__SANITIZE_THREAD__)
enum { THREAD_CAN_TELL = 1 };
#else
enum { THREAD_CAN_TELL = 0 }; /* sleepers.c says why; and ThreadSanitizer knows no order of the kernel's */
#endif

enum cache_holder {
    HOLDER_OWNER,
    HOLDER_ASIDE, /* whoever exchanges this for something else has it */
    HOLDER_TAKEN, /* the helper's, which is inside the gate */
    HOLDER_LEFT   /* its thread has ended */
};

/* The calling thread's cache, which is not in thread_self, again. NULL if it has none, or none now. */
struct tcache *thread_reclaim(void);

/* A cache that was not used for a while, as it was when it was looked at. */
struct idler {
    struct tcache *tc;
    struct thread_self *self;
    uintptr_t stack_top;
    uint32_t tid;
};

/* Look at caches from *AT on (NULL: the first), until LOOKS were looked at, or MOST go to OUT: those that
 * hold something and were not used for IDLE_MS; one that was not taken after twice the time, until it is
 * used. Their number. *AT is where to go on, NULL at the end. */
unsigned thread_idlers(struct list **at, unsigned looks, uint64_t now_ms, uint32_t idle_ms, struct idler *out,
                       unsigned most);

/* See above. False: the cache has another thread now, or none; it is not ASIDE any more. */
bool thread_set_aside(const struct idler *idler);
bool thread_take(struct tcache *tc);
/* Return what TC, which was taken, holds. The bytes. Inside the gate. */
size_t thread_empty(struct tcache *tc, const char *function);
void thread_put_back(struct tcache *tc);

/* Bytes of blocks in caches whose threads have ended. */
size_t thread_idle_bytes(void);

/* Return the blocks in caches whose threads ended before BEFORE_MS to their slabs. Inside the gate. */
void thread_flush_idle(uint64_t before_ms, const char *function);

/* Call EACH for every cache of this process, the THREADS lock held; and for those of threads that a fork left
 * behind: their counters are of the past, and what lies in them is lost. */
void thread_each(void (*each)(const struct tcache *tc, void *arg), void *arg);
void thread_each_forgotten(void (*each)(const struct tcache *tc, void *arg), void *arg);
size_t thread_count(void);

/* Send every thread to its slow path at its next free (sampler.h): those that have not obeyed EPOCH. Their
 * number. */
size_t thread_knock(uint32_t epoch);

/* fork.c: call EACH for the word of every cache. The gate is closed and nobody without a word is inside, so
 * that no cache comes or goes. */
void thread_each_unlocked(void (*each)(const gate_word *word));

/* Finish with the caches of threads that ended while the gate was closed. */
void thread_resume(void);

/* The child has one thread: the caches of the others are nobody's. What lay in them is lost to the
 * child: they may have been copied in the middle of a change. */
void thread_forget_others(void);

#endif
