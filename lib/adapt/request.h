/* SPDX-License-Identifier: MIT */
/* adapt/request.h - what "hakmem purge" asks of this process from outside: to give back what is free.
 *
 * The command writes one byte, `wanted`, with process_vm_writev(2), and looks at the rest. Whoever comes by
 * next serves it: the helper thread, or a slow path (tick.c). `busy` is taken by compare-exchange, so that
 * one thread serves at a time; it then takes `wanted` by exchange and counts `begun`. So what was asked
 * before the exchange is served once, by one thread, however many asked; what is asked after it stays wanted,
 * and is served after that.
 *
 * The command reads `begun`, then writes `wanted`, then waits for `done` beyond what it read: a purge that
 * began after it looked. It does not choose the number itself: a write of several bytes from outside need not
 * be one store, one of a byte is. A request is never lost, as nobody sets `wanted` to 0 without serving it,
 * but for the child of fork, which was not asked.
 *
 * `bytes`, `before` and `after` are written by the thread that has `busy`, before `done`, which releases
 * them. `busy` is acquired and released, so that the next one's numbers come after the last one's. It is
 * taken inside the gate: the copy that fork makes has no thread that holds it, unless fork was called from a
 * signal's handler (request_forked). */
#ifndef HAK_REQUEST_H
#define HAK_REQUEST_H

#include "base/atomic.h"

struct request {
    _Atomic(uint8_t) wanted; /* 1: by another process; 0: by the thread that has `busy` */
    _Atomic(uint8_t) busy;   /* whoever changes it from 0 serves */
    /* By the thread that has `busy`; read by another process. */
    _Atomic(uint64_t) begun, done;   /* how often */
    _Atomic(uint64_t) bytes;         /* given back to the system by the last one that is done */
    _Atomic(uint64_t) before, after; /* bytes kept for reuse (usage.h) */
};

extern struct request purge_request;

/* Serve it, if there is one. Any thread that holds no lock; one load where there is none. */
void request_serve(void);

/* The child of a fork. */
void request_forked(void);

#endif
