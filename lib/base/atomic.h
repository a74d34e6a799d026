/* SPDX-License-Identifier: MIT */
/* base/atomic.h - C11 atomics under names that say the ordering. */
#ifndef HAK_ATOMIC_H
#define HAK_ATOMIC_H

#include <stdatomic.h>

#include "base/compiler.h"

#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define store_relaxed(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v) atomic_store_explicit((p), (v), memory_order_release)
#define add_relaxed(p, v) atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define sub_relaxed(p, v) atomic_fetch_sub_explicit((p), (v), memory_order_relaxed)

/* libc's: not 0 while the process has only ever had one thread. Goes to 0 before a second thread exists;
 * weak, because older libcs lack it. */
extern char __libc_single_threaded __attribute__((weak));

static inline bool libc_single_threaded(void)
{
    return &__libc_single_threaded && *(const volatile char *)&__libc_single_threaded;
}

/* Points at a byte that is not 0 while nobody but the calling thread can be in the heap: libc's, or one that
 * is always 0 (alone.h). Relaxed; alone.c says what orders it. */
HIDDEN extern _Atomic(const char *) alone_mark;

/* True while the process has one thread, and the helper is not at work (alone.h): the atomics below may then
 * be plain. What is plain lies between lock_busy++ and lock_busy-- (lock.h), which is how the helper knows.
 */
static ALWAYS_INLINE bool single_threaded(void)
{
    return *(const volatile char *)load_relaxed(&alone_mark) != 0;
}

/* Move *P, mostly the time when something is due next, from SEEN to NEXT: true for the one thread that did. A
 * hint that orders nothing. */
static inline bool move_on(_Atomic(uint64_t) *p, uint64_t seen, uint64_t next)
{
    return atomic_compare_exchange_strong_explicit(p, &seen, next, memory_order_relaxed,
                                                   memory_order_relaxed);
}

static inline void cpu_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
}

#endif
