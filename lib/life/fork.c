/* SPDX-License-Identifier: MIT */
/* life/fork.c - fork while other threads allocate.
 *
 * gate.h says why no lock is held over fork, and what the other threads do meanwhile. So it does not matter
 * in which order handlers were registered, nor what the C library waits for between them and the copy. */
#include "life/fork.h"

#include <pthread.h>

#include "base/alone.h"
#include "base/gate.h"
#include "base/libc.h"
#include "base/lock.h"
#include "base/os.h"
#include "events/trace.h"
#include "memory/pool.h"
#include "cache/thread.h"
#include "adapt/engine.h"
#include "adapt/helper.h"
#include "adapt/pressure.h"
#include "adapt/request.h"
#include "heap/aside.h"
#include "heap/heap.h"

/* From a handler of a signal that interrupted this thread inside, nobody else could be waited for, as this
 * thread may hold what they need; and its child may not allocate. */
static void prepare(void)
{
    if (lock_busy || alone_bar())
        return;
    start_take_lock();
    aside_prepare();
    start_give_lock();
    gate_close();
    thread_each_unlocked(gate_wait_for);
}

static void in_parent(void)
{
    alone_unbar();
    if (gate_open()) {
        thread_resume();
        heap_resume();
    }
}

static void in_child(void)
{
    lock_reset_table();
    pool_forked();
    trace_forked();
    os_forked();
    thread_forget_others();
    helper_forget();
    alone_forked();
    pressure_forget();
    request_forked();
    aside_forked();
    gate_forked(); /* last: handlers of others that ran before had the C library's memory */
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
