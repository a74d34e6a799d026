/* SPDX-License-Identifier: MIT */
/* base/clock.c - what time it is. */
#include "base/clock.h"

#include <elf.h>
#include <time.h>

#include "base/auxv.h"
#include "base/lock.h"
#include "base/os.h"
#include "base/vdso.h"

/* What reads a clock: until that is known, who finds out. The same whoever does. */
static int find_clock(clockid_t clock, struct timespec *out);
static _Atomic(vdso_clock *) reader = find_clock;

static COLD int find_clock(clockid_t clock, struct timespec *out)
{
    vdso_clock *found = vdso_find_clock((const void *)auxv_get(AT_SYSINFO_EHDR));
    if (!found)
        found = os_ask_clock;
    store_relaxed(&reader, found);
    return found(clock, out);
}

/* Not while a lock is held: where there is no vDSO it is a system call. */
static ALWAYS_INLINE struct timespec read_clock(clockid_t clock)
{
    struct timespec ts = {0, 0};
    HAK_ASSERT(lock_no_clock || !lock_any_held());
    if (UNLIKELY(load_relaxed(&reader)(clock, &ts) != 0))
        (void)os_ask_clock(clock, &ts);
    return ts;
}

static _Atomic(uint64_t) recent_ms; /* relaxed: any recent value will do */

uint64_t clock_now_ms(void)
{
    if (UNLIKELY(lock_no_clock))
        return clock_recent_ms();
    struct timespec ts = read_clock(CLOCK_MONOTONIC_COARSE);
    uint64_t now_ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
    store_relaxed(&recent_ms, now_ms);
    return now_ms;
}

uint64_t clock_recent_ms(void)
{
    return load_relaxed(&recent_ms);
}

uint64_t clock_wall_ns(void)
{
    struct timespec ts = read_clock(CLOCK_REALTIME_COARSE);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}
