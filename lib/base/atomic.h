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

/* True while the process has only ever had one thread, as libc knows it: the atomics below may then
 * be plain. Goes to false before a second thread exists; weak, because older libcs lack it. */
extern char __libc_single_threaded __attribute__((weak));

static ALWAYS_INLINE bool single_threaded(void)
{
    return &__libc_single_threaded && __libc_single_threaded;
}

/* Swap *P from EXPECTED to DESIRED; acquire and release. False if it was something else. */
static ALWAYS_INLINE bool swap_word(_Atomic(uint64_t) *p, uint64_t expected, uint64_t desired)
{
    if (single_threaded()) {
        if (load_relaxed(p) != expected)
            return false;
        store_relaxed(p, desired);
        return true;
    }
    return atomic_compare_exchange_strong_explicit(p, &expected, desired, memory_order_acq_rel,
                                                   memory_order_relaxed);
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
