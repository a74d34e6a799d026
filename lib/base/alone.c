/* SPDX-License-Identifier: MIT */
/* base/alone.c - how the helper enters the heap of a process of one thread, which pays nothing for that. */
#include "base/alone.h"

#include "base/task.h"

static const char nobody_is = 0; /* alone */
_Atomic(const char *) alone_mark = &nobody_is;

static struct {
    const char *libcs;             /* its byte, or ours where it has none; fixed after start */
    const uint16_t *_Atomic(busy); /* lock_busy of the program's only thread; NULL: no helper was started */
    _Atomic(bool) barred;          /* a fork is under way; the program's thread writes it */
} alone = {.libcs = &nobody_is};

void alone_begin(void)
{
    if (&__libc_single_threaded)
        alone.libcs = &__libc_single_threaded;
    store_relaxed(&alone_mark, alone.libcs);
}

void alone_expect(void)
{
    store_relaxed(&alone.busy, &lock_busy);
}

/* The main thread's storage stays where it is for as long as the process lives. */
static bool is_outside(void)
{
    const uint16_t *busy = load_relaxed(&alone.busy);
    return busy && *(const volatile uint16_t *)busy == 0 && !load_relaxed(&alone.barred);
}

bool alone_enter(void)
{
    if (!libc_single_threaded())
        return true;
    store_relaxed(&alone_mark, &nobody_is);
    if (task_barrier() && is_outside())
        return true;
    store_relaxed(&alone_mark, alone.libcs);
    return false;
}

void alone_leave(void)
{
    if (load_relaxed(&alone_mark) == alone.libcs)
        return;
    if (task_barrier() || !libc_single_threaded())
        store_relaxed(&alone_mark, alone.libcs);
}

/* As P1 and P2: whichever side is first, the other sees it. */
bool alone_bar(void)
{
    store_relaxed(&alone.barred, true);
    atomic_signal_fence(memory_order_seq_cst);
    if (single_threaded())
        return true;
    alone_unbar();
    return false;
}

void alone_unbar(void)
{
    store_relaxed(&alone.barred, false);
}

void alone_forked(void)
{
    alone_unbar();
    store_relaxed(&alone.busy, NULL);
    store_relaxed(&alone_mark, alone.libcs);
}
