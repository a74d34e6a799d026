/* SPDX-License-Identifier: MIT */
/* fork.c - fork while other threads allocate (floor F8).
 *
 * Before fork every lock is taken in rank order, so the child's copy of what they guard is whole;
 * afterwards parent and child release them. In the child that is enough: it is the thread that
 * took them, and the locks are plain words. Handlers of the program may run while the locks are
 * held, if they were registered before ours: they may allocate, as the thread that holds every lock
 * takes none. */
#include "fork.h"

#include <pthread.h>

#include "checked.h"
#include "engine.h"
#include "helper.h"
#include "large.h"
#include "libc.h"
#include "lock.h"
#include "meta.h"
#include "os.h"
#include "pool.h"
#include "superslab.h"
#include "thread.h"
#include "tracelog.h"
#include "young.h"

static void prepare(void)
{
    start_lock_for_fork();
    engine_lock_for_fork();
    thread_lock_for_fork();
    checked_lock_for_fork();
    young_lock_for_fork();
    for (unsigned c = 1; c < CLASSES; c++)
        pool_lock(c);
    large_lock_for_fork();
    superslab_lock();
    meta_lock_for_fork();
    lock_holds_all = lock_no_clock = true;
}

static void release(void)
{
    lock_holds_all = lock_no_clock = false;
    meta_unlock_after_fork();
    superslab_unlock();
    large_unlock_after_fork();
    for (unsigned c = CLASSES - 1; c >= 1; c--)
        pool_unlock(c);
    young_unlock_after_fork();
    checked_unlock_after_fork();
}

static void in_parent(void)
{
    release();
    thread_unlock_after_fork();
    engine_unlock_after_fork();
    start_unlock_after_fork();
}

static void in_child(void)
{
    tracelog_forked();
    os_forked();
    release();
    thread_forget_others();
    helper_forget();
    thread_unlock_after_fork();
    engine_unlock_after_fork();
    start_unlock_after_fork();
}

/* What pthread_atfork of the C library calls. Weak: a program of another C library that inherits LD_PRELOAD
 * has no such name, and shall start. */
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak));
extern void *__dso_handle HIDDEN;

void fork_init(void)
{
    if (__register_atfork) {
        (void)__register_atfork(prepare, in_parent, in_child, __dso_handle);
        return;
    }
    __typeof__(pthread_atfork) *other = (__typeof__(pthread_atfork) *)libc_symbol("pthread_atfork");
    if (other)
        (void)other(prepare, in_parent, in_child);
}
