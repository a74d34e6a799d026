/* SPDX-License-Identifier: MIT */
/* helper.c - HAKMEM_ACE_THREAD: a thread that gives memory back while the process is idle (floor F7).
 *
 * One word says how things stand; who changes it from HELPER_NONE starts the thread. The helper sleeps
 * without a limit once nothing has happened for as long as anything may still become due. A pulse between
 * its last look and its sleep changes the word, and the futex does not wait for an old value.
 * Nothing of libpthread is imported: a process that does not ask for the helper does not pay for it. */
#include "helper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "atomic.h"
#include "control.h"
#include "engine.h"
#include "libc.h"
#include "os.h"
#include "pulse.h"
#include "retain.h"

enum {
    HELPER_NONE,    /* no thread */
    HELPER_REFUSED, /* none could be started: not tried again */
    HELPER_IDLE,    /* nothing happened since it looked last */
    HELPER_ACTIVE,  /* something did */
    HELPER_ASLEEP   /* it waits for that without a limit */
};

enum { STACK = 128 << 10 };

static _Atomic(uint32_t) state; /* any thread; orders nothing but itself */

/* How long after the last pulse anything may still become due. */
static uint64_t settle_ms(void)
{
    return RETAIN_SETTLED_MS + ACE_PATIENCE_MAX_MS + control_get(OPT_PURGE_DELAY);
}

static void *help(void *arg)
{
    (void)arg;
    thread_self.phase = THREAD_ENDED; /* it allocates nothing and needs no cache */
    for (uint64_t active_ms = os_now_ms();;) {
        uint64_t now_ms = os_now_ms();
        uint32_t idle = HELPER_IDLE;
        if (atomic_exchange_explicit(&state, HELPER_IDLE, memory_order_acq_rel) != HELPER_IDLE)
            active_ms = now_ms;
        if (gate_enter()) {
            pulse_give_back(now_ms, SIZE_MAX);
            engine_pulse(now_ms);
            gate_leave();
            pulse_traces();
        }
        if (now_ms - active_ms < settle_ms())
            os_futex_wait_ms(&state, HELPER_IDLE, ACE_TICK_MS);
        else if (atomic_compare_exchange_strong_explicit(&state, &idle, HELPER_ASLEEP, memory_order_acq_rel,
                                                         memory_order_relaxed))
            os_futex_wait(&state, HELPER_ASLEEP);
    }
    return NULL;
}

/* The function of the C library by that name, or NULL. */
#define FIND(name) __typeof__(name) *name##_f = (__typeof__(name) *)libc_symbol(#name)

/* Its signals are the program's: all are blocked. Its stack is small where the system allows it. */
static bool start(void)
{
    FIND(pthread_create);
    FIND(pthread_attr_init);
    FIND(pthread_attr_setstacksize);
    FIND(pthread_attr_setdetachstate);
    FIND(pthread_sigmask);
    FIND(pthread_setname_np);
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    if (!pthread_create_f || !pthread_attr_init_f || !pthread_attr_setdetachstate_f ||
        !pthread_attr_setstacksize_f || !pthread_sigmask_f || pthread_attr_init_f(&attr) != 0)
        return false;
    memset(&all, 0xff, sizeof all);
    pthread_attr_setdetachstate_f(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize_f(&attr, STACK);
    pthread_sigmask_f(SIG_SETMASK, &all, &before);
    int refused = pthread_create_f(&thread, &attr, help, NULL);
    if (refused == EINVAL) { /* much thread-local storage: its stack is too small */
        pthread_attr_init_f(&attr);
        pthread_attr_setdetachstate_f(&attr, PTHREAD_CREATE_DETACHED);
        refused = pthread_create_f(&thread, &attr, help, NULL);
    }
    if (!refused && pthread_setname_np_f)
        pthread_setname_np_f(thread, "hakmem-ace");
    pthread_sigmask_f(SIG_SETMASK, &before, NULL);
    return !refused;
}

void helper_pulse(void)
{
    uint32_t was = load_relaxed(&state);
    if (was == HELPER_ACTIVE || was == HELPER_REFUSED)
        return;
    if (!atomic_compare_exchange_strong_explicit(&state, &was, HELPER_ACTIVE, memory_order_acq_rel,
                                                 memory_order_relaxed))
        return; /* somebody else's pulse, or the helper's look: the next will do */
    int saved = errno;
    if (was == HELPER_NONE && !start())
        store_relaxed(&state, HELPER_REFUSED);
    if (was == HELPER_ASLEEP)
        os_futex_wake(&state, 1);
    errno = saved;
}

void helper_forget(void)
{
    if (load_relaxed(&state) != HELPER_REFUSED)
        store_relaxed(&state, HELPER_NONE);
}
