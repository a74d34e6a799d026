/* SPDX-License-Identifier: MIT */
/* adapt/helper.c - HAKMEM_ACE_THREAD: a thread that gives memory back while the program does nothing.
 *
 * One word says how things stand. Who changes it from HELPER_NONE starts the thread; who changes it to
 * HELPER_DISMISSED waits for its end, and changes it back. A call of helper_wake between the thread's last
 * look and its sleep changes the word, and the futex does not wait for an old value.
 *
 * There are two kinds (permit.h): a task (task.h), and a thread of pthread_create. Both end by themselves
 * when there is nothing left to do; a task also when the program has got threads: then the other kind may
 * come.
 *
 * Nothing of libpthread is imported: a process without a helper does not pay for it. */
#include "adapt/helper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/alone.h"
#include "base/layout.h"
#include "base/libc.h"
#include "base/os.h"
#include "base/task.h"
#include "settings/options.h"
#include "events/counters.h"
#include "cache/thread.h"
#include "adapt/permit.h"

enum { STACK = 128 << 10 };

struct helper_report helper_report;
_Atomic(bool) helper_wanted; /* a hint: the state is HELPER_WANTED */

/* Written by who starts the helper, before the helper runs, and read by it and by who has dismissed it. */
static struct {
    void (*work)(void);
    pthread_t thread;
    bool is_task;
} helper;

static bool change(uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong_explicit(&helper_report.state, &from, to, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

/* --- The helper's side ---------------------------------------------------------------------------*/

bool helper_seen(void)
{
    return change(HELPER_ACTIVE, HELPER_IDLE);
}

/* A task ends where the program has got threads: then it is nobody's, and the other kind may come. */
static bool may_stay(void)
{
    if (helper.is_task && !libc_single_threaded()) {
        store_release(&helper_report.state, HELPER_NONE);
        return false;
    }
    return load_relaxed(&helper_report.state) != HELPER_DISMISSED;
}

void helper_acted(uint64_t now_ms)
{
    store_relaxed(&helper_report.acted_ms, now_ms);
}

void helper_plans(uint64_t looks_ms, uint64_t ends_ms)
{
    store_relaxed(&helper_report.looks_ms, looks_ms);
    store_relaxed(&helper_report.ends_ms, ends_ms);
}

bool helper_sleep(uint32_t ms)
{
    uint32_t now = load_relaxed(&helper_report.state);
    if (now != HELPER_DISMISSED)
        os_futex_wait_ms(&helper_report.state, now, ms);
    return may_stay();
}

/* Nobody will join the calling thread. */
static NOINLINE void detach(void)
{
    __typeof__(pthread_detach) *f = (__typeof__(pthread_detach) *)libc_symbol("pthread_detach");
    if (f)
        (void)f((pthread_t)os_thread());
}

bool helper_rest(void)
{
    if (!change(HELPER_IDLE, HELPER_NONE))
        return may_stay();
    if (!helper.is_task)
        detach();
    return false;
}

/* Threads that never told of their end are not counted down (thread.h), but the kernel knows. As the last
 * thread that returns, the helper ends the process, as any last thread does. By request it stays with the
 * main thread, unless that has ended. */
bool helper_left_alone(void)
{
    struct task_status now;
    if (helper.is_task || !task_status("/proc/self/status", &now) || now.threads > 2)
        return false;
    if (option(OPT_ACE_THREAD) == 1 && now.state != 'Z')
        return false;
    if (!change(HELPER_IDLE, HELPER_NONE) && !change(HELPER_ACTIVE, HELPER_NONE))
        return false;
    detach();
    return true;
}

static void tell_against(enum permit_reason reason, const char *name)
{
    store_relaxed(&helper_report.against, reason);
    store_relaxed(&helper_report.name, name);
}

/* It allocates nothing and needs no cache. A task cannot enter the heap without barriers (alone.h). What it
 * returns is no longer its own as soon as there may be another one. */
static void run(void)
{
    uintptr_t self = os_thread();
    thread_self = (struct thread_self){.cache = TCACHE_NONE, .derived = TCACHE_NONE, .phase = THREAD_ENDED};
    task_name("hakmem-ace");
    store_relaxed(&counters_helper, self);
    if (task_barrier_begin() || !helper.is_task) {
        helper.work();
    } else {
        tell_against(AGAINST_SYSTEM, NULL);
        store_relaxed(&helper_report.state, HELPER_NEVER);
    }
    (void)atomic_compare_exchange_strong_explicit(&counters_helper, &self, 0, memory_order_relaxed,
                                                  memory_order_relaxed);
}

static void *run_thread(void *unused)
{
    run();
    return unused;
}

/* --- The program's side --------------------------------------------------------------------------*/

/* The function of the C library by that name, or NULL. */
#define FIND(name) __typeof__(name) *name##_f = (__typeof__(name) *)libc_symbol(#name)

/* Its signals are the program's: all are blocked. Its stack is small where the system allows it. */
static bool start_thread(void)
{
    FIND(pthread_create);
    FIND(pthread_attr_init);
    FIND(pthread_attr_setstacksize);
    FIND(pthread_sigmask);
    FIND(pthread_join); /* without, it could not be dismissed */
    pthread_attr_t attr;
    sigset_t all, before;
    if (!pthread_create_f || !pthread_attr_init_f || !pthread_attr_setstacksize_f || !pthread_sigmask_f ||
        !pthread_join_f || pthread_attr_init_f(&attr) != 0)
        return false;
    memset(&all, 0xff, sizeof all);
    pthread_attr_setstacksize_f(&attr, STACK);
    pthread_sigmask_f(SIG_SETMASK, &all, &before);
    int refused = pthread_create_f(&helper.thread, &attr, run_thread, NULL);
    if (refused == EINVAL && pthread_attr_init_f(&attr) == 0) /* much thread-local storage: a larger stack */
        refused = pthread_create_f(&helper.thread, &attr, run_thread, NULL);
    pthread_sigmask_f(SIG_SETMASK, &before, NULL);
    return !refused;
}

static void start_task(uint32_t failed)
{
    if (task_start(run)) {
        count(COUNT_HELPER_STARTS, 1);
    } else {
        tell_against(AGAINST_SYSTEM, NULL);
        store_relaxed(&helper_report.state, failed);
    }
}

/* The caller has changed the state from HELPER_NONE to HELPER_STARTING, so that nobody else is here. A task
 * may have ended before task_start returns: it finds HELPER_ACTIVE, as whom nobody dismisses need not be
 * known. */
static void start(void (*work)(void), size_t threads)
{
    enum permit permit = permit_ask(threads);
    struct permit_refusal refusal = permit_refusal();
    tell_against(refusal.reason, refusal.name);
    uint32_t failed = permit == PERMIT_NEVER ? HELPER_NEVER : HELPER_NONE;
    helper.work = work;
    helper.is_task = permit == PERMIT_TASK;
    if (permit == PERMIT_TASK) {
        alone_expect();
        store_relaxed(&helper_report.state, HELPER_ACTIVE);
        start_task(failed);
        return;
    }
    store_release(&helper_report.state, permit == PERMIT_THREAD ? HELPER_WANTED : failed);
    store_relaxed(&helper_wanted, permit == PERMIT_THREAD);
    if (!libc_single_threaded())                        /* or a filter may end the process for the call */
        os_futex_wake(&helper_report.state, INT32_MAX); /* whoever dismisses it already */
}

/* The C library calls free while it holds the lock of its stacks, which pthread_create takes: it calls malloc
 * without. So a thread is made by who allocates. */
void helper_begin(void)
{
    int saved = errno;
    store_relaxed(&helper_wanted, false);
    if (change(HELPER_WANTED, HELPER_STARTING)) {
        store_release(&thread_alone_again, helper_dismiss);
        bool started = start_thread();
        if (started)
            count(COUNT_HELPER_STARTS, 1);
        else
            tell_against(AGAINST_SYSTEM, NULL);
        store_release(&helper_report.state, started ? HELPER_ACTIVE : HELPER_NEVER);
        os_futex_wake(&helper_report.state, INT32_MAX);
    }
    errno = saved;
}

/* A start that came to nothing is tried again, but not at each tick. */
void helper_wake(void (*work)(void), size_t threads, uint64_t now_ms)
{
    enum { AGAIN_MS = 1000 };
    static _Atomic(uint64_t) next_ms; /* a hint */
    uint32_t was = load_relaxed(&helper_report.state);
    int saved = errno;
    if (was == HELPER_NONE && now_ms >= load_relaxed(&next_ms) && change(HELPER_NONE, HELPER_STARTING)) {
        store_relaxed(&next_ms, now_ms + AGAIN_MS);
        start(work, threads);
    } else if (was == HELPER_IDLE) {
        (void)change(HELPER_IDLE, HELPER_ACTIVE); /* or it looks just now: the next call will do */
    }
    errno = saved;
}

/* The state is HELPER_DISMISSED, by the caller. */
static void join(void)
{
    FIND(pthread_join);
    os_futex_wake(&helper_report.state, 1);
    if (pthread_join_f) /* or none was started */
        (void)pthread_join_f(helper.thread, NULL);
    store_release(&helper_report.state, HELPER_NONE);
    os_futex_wake(&helper_report.state, INT32_MAX);
}

/* Several threads that end may find one left. One of them joins the helper; the others wait for that, as for
 * who is just starting it: neither waits for them. */
void helper_dismiss(void)
{
    int saved = errno;
    uint32_t was;
    while ((was = load_acquire(&helper_report.state)) != HELPER_NONE && was != HELPER_NEVER &&
           !helper.is_task) {
        if (was == HELPER_STARTING || was == HELPER_DISMISSED)
            os_futex_wait(&helper_report.state, was);
        else if (was == HELPER_WANTED)
            (void)change(HELPER_WANTED, HELPER_NONE);
        else if (change(was, HELPER_DISMISSED))
            join();
    }
    errno = saved;
}

void helper_forget(void)
{
    task_forked();
    store_relaxed(&counters_helper, 0);
    store_relaxed(&helper_wanted, false);
    if (load_relaxed(&helper_report.state) != HELPER_NEVER)
        store_relaxed(&helper_report.state, HELPER_NONE);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_helper[] = {
    LAYOUT_ADDRESS(helper_report),
    LAYOUT_END,
};
