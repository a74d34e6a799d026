/* SPDX-License-Identifier: MIT */
/* fork.c - fork while other threads allocate (floor F8).
 *
 * gate.h says why no lock is held over fork, and what the other threads do meanwhile. So it does not matter
 * in which order handlers were registered, nor what the C library waits for between them and the copy. */
#include "fork.h"

#include <pthread.h>

#include "aside.h"
#include "checked.h"
#include "engine.h"
#include "gate.h"
#include "helper.h"
#include "large.h"
#include "libc.h"
#include "meta.h"
#include "pool.h"
#include "superslab.h"
#include "thread.h"
#include "tracelog.h"
#include "young.h"

/* How many of its forks the calling thread has closed the gate for: a handler may fork, too. Owner only. */
static THREAD_LOCAL uint32_t closed_here;

static void prepare(void)
{
    if (single_threaded())
        return;
    (void)libc_find(); /* before anybody needs it */
    closed_here++;
    gate_close();
    thread_each_unlocked(gate_wait_for);
}

static void in_parent(void)
{
    if (!closed_here)
        return;
    closed_here--;
    if (gate_open()) {
        thread_resume();
        aside_resume();
    }
}

static void in_child(void)
{
    start_each_lock(lock_reset);
    engine_each_lock(lock_reset);
    thread_each_lock(lock_reset);
    checked_each_lock(lock_reset);
    young_each_lock(lock_reset);
    pool_each_lock(lock_reset);
    large_each_lock(lock_reset);
    superslab_each_lock(lock_reset);
    meta_each_lock(lock_reset);
    tracelog_forked();
    thread_forget_others();
    helper_forget();
    aside_forked();
    closed_here = 0;
    gate_forked(); /* last: handlers of others that ran before had the C library's memory */
}

void fork_init(void)
{
    (void)pthread_atfork(prepare, in_parent, in_child);
}
