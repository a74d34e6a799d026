/* SPDX-License-Identifier: MIT */
/* adapt/helper.c - HAKMEM_ACE_THREAD: a thread that gives memory back while the process is idle.
 *
 * One word says how things stand; who changes it from HELPER_NONE starts the thread. A call of helper_wake
 * between the thread's last look and its sleep changes the word, and the futex does not wait for an old
 * value.
 * Nothing of libpthread is imported: a process that does not ask for the helper does not pay for it. */
#include "adapt/helper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/atomic.h"
#include "base/libc.h"
#include "base/os.h"

enum {
    HELPER_NONE,    /* no thread */
    HELPER_REFUSED, /* none could be started: not tried again */
    HELPER_IDLE,    /* nothing happened since it looked last */
    HELPER_ACTIVE,  /* something did */
    HELPER_ASLEEP   /* it waits for that without a limit */
};

enum { STACK = 128 << 10 };

static _Atomic(uint32_t) state; /* any thread; orders nothing but itself */

bool helper_seen(void)
{
    return atomic_exchange_explicit(&state, HELPER_IDLE, memory_order_acq_rel) != HELPER_IDLE;
}

void helper_sleep(uint32_t ms)
{
    uint32_t idle = HELPER_IDLE;
    if (ms)
        os_futex_wait_ms(&state, HELPER_IDLE, ms);
    else if (atomic_compare_exchange_strong_explicit(&state, &idle, HELPER_ASLEEP, memory_order_acq_rel,
                                                     memory_order_relaxed))
        os_futex_wait(&state, HELPER_ASLEEP);
}

/* The function of the C library by that name, or NULL. */
#define FIND(name) __typeof__(name) *name##_f = (__typeof__(name) *)libc_symbol(#name)

/* Its signals are the program's: all are blocked. Its stack is small where the system allows it. */
static bool start(void *(*work)(void *))
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
    int refused = pthread_create_f(&thread, &attr, work, NULL);
    if (refused == EINVAL) { /* much thread-local storage: its stack is too small */
        pthread_attr_init_f(&attr);
        pthread_attr_setdetachstate_f(&attr, PTHREAD_CREATE_DETACHED);
        refused = pthread_create_f(&thread, &attr, work, NULL);
    }
    if (!refused && pthread_setname_np_f)
        pthread_setname_np_f(thread, "hakmem-ace");
    pthread_sigmask_f(SIG_SETMASK, &before, NULL);
    return !refused;
}

void helper_wake(void *(*work)(void *))
{
    uint32_t was = load_relaxed(&state);
    if (was == HELPER_ACTIVE || was == HELPER_REFUSED)
        return;
    if (!atomic_compare_exchange_strong_explicit(&state, &was, HELPER_ACTIVE, memory_order_acq_rel,
                                                 memory_order_relaxed))
        return; /* somebody else's call, or the helper's look: the next will do */
    int saved = errno;
    if (was == HELPER_NONE && !start(work))
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
