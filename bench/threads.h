/* SPDX-License-Identifier: MIT */
/* threads.h - what benchmark programs of several threads share: starting one, waiting without sleeping. */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include "bench.h"

#include <pthread.h>
#include <sched.h>

enum { BENCH_PATIENCE = 200, BENCH_THREADS = 256 };

static inline pthread_t bench_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, body, argument))
        bench_fail("cannot create a thread");
    return thread;
}

/* One turn of a loop that waits for another thread; *TURNS counts them, 0 at first. There may be more
 * threads than processors. */
static inline void bench_wait(unsigned *turns)
{
    if (++*turns > BENCH_PATIENCE)
        sched_yield();
#if defined(__x86_64__)
    else
        __builtin_ia32_pause();
#elif defined(__aarch64__)
    else
        __asm__ volatile("yield");
#endif
}

#endif
