/* SPDX-License-Identifier: MIT */
/* thread.h - which thread has which cache (floor F6). */
#ifndef HAK_THREAD_H
#define HAK_THREAD_H

#include "tcache.h"

enum thread_phase {
    THREAD_NEW,   /* has not come by the slow path yet */
    THREAD_LIVE,  /* has a cache */
    THREAD_ENDED, /* its cache is flushed; libc may still free after that: served uncached */
};

/* The thread-local storage of the library, with os_error (os.h) and lock_holds_all (lock.h). Owner only. */
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

/* Once, at start. */
void thread_init(void);

/* Give the calling thread, of phase THREAD_NEW, a cache. NULL if there is no memory for one. */
struct tcache *thread_begin(void);

/* Call EACH for every cache ever made, the THREADS lock held. */
void thread_each(void (*each)(const struct tcache *tc, void *arg), void *arg);
size_t thread_count(void);

void thread_lock_for_fork(void);
void thread_unlock_after_fork(void);
/* The child has one thread: the caches of the others are nobody's. What lay in them is lost to the
 * child: they may have been copied in the middle of a change. */
void thread_forget_others(void);

#endif
