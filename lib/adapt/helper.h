/* SPDX-License-Identifier: MIT */
/* adapt/helper.h - HAKMEM_ACE_THREAD: a thread that gives memory back while the program does nothing. */
#ifndef HAK_HELPER_H
#define HAK_HELPER_H

#include "base/atomic.h"

enum helper_state {
    HELPER_NONE,     /* no thread */
    HELPER_NEVER,    /* none may be had: not asked again */
    HELPER_WANTED,   /* a thread of pthread_create, by the next thread of the program that allocates */
    HELPER_STARTING, /* such a thread does, or asks whether there may be one */
    HELPER_IDLE,     /* nothing happened since it looked last */
    HELPER_ACTIVE,   /* something did */
    HELPER_DISMISSED /* it is to end */
};

static inline bool helper_is_there(uint32_t state)
{
    return state >= HELPER_IDLE;
}

/* How it stands, and for who looks from outside, why. All is relaxed there; times are of clock_now_ms. */
struct helper_report {
    _Atomic(uint32_t) state;    /* enum helper_state. Any thread; orders nothing but itself */
    _Atomic(uint32_t) against;  /* enum permit_reason: by who starts it, or the helper */
    _Atomic(const char *) name; /* of a function, if that is the reason */
    _Atomic(uint64_t) acted_ms; /* by the helper: when it last gave something back; 0: never */
    _Atomic(uint64_t) looks_ms; /* when it looks again, where nobody wakes it */
    _Atomic(uint64_t) ends_ms;  /* when it ends, if nothing happens */
};
HIDDEN extern struct helper_report helper_report;

/* The program is active, and there is something to give back: wake the helper; if there is none, start one
 * that calls WORK, where it may be had (permit.h). THREADS have a cache. No lock may be held, as starting a
 * thread allocates. */
void helper_wake(void (*work)(void), size_t threads, uint64_t now_ms);

/* If helper_wanted says so, in a thread of the program that allocates, and holds no lock. */
HIDDEN extern _Atomic(bool) helper_wanted;
void helper_begin(void);

/* The helper itself. True if helper_wake was called since this was asked last. */
bool helper_seen(void);
/* What helper_report tells: something was given back just now; what comes next. */
void helper_acted(uint64_t now_ms);
void helper_plans(uint64_t looks_ms, uint64_t ends_ms);
/* Sleep until it is called, or for MS milliseconds at most. False: it shall end. */
bool helper_sleep(uint32_t ms);
/* Nothing is left to do. False: it shall end. */
bool helper_rest(void);
/* The program has one thread at most, by what the kernel says: true, and it shall end. */
bool helper_left_alone(void);

/* The program's threads are down to one: end a helper that the C library knows, and wait until it has ended.
 * Such a helper must not be what keeps the process from ending with its last thread, or from doing what only
 * a process of one thread may. No lock held, outside the gate. */
void helper_dismiss(void);

/* In the child of a fork, which has one thread. */
void helper_forget(void);

#endif
