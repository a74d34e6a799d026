/* SPDX-License-Identifier: MIT */
/* trim.c - everything that is free goes back to the system, by request (floor F7). */
#include "heap.h"

#include "direct.h"
#include "large.h"
#include "pool.h"
#include "pulse.h"
#include "purge.h"

/* Give back what is free, but PAD bytes of EMPTY slabs; nothing while a fork is under way. */
static size_t give_back(size_t pad, const char *function)
{
    if (!gate_enter())
        return 0;
    direct_flush(function);
    size_t bytes = pool_trim(SIZE_MAX);
    bytes += large_trim(0);
    bytes += purge_trim(pad);
    gate_leave();
    pulse_traces();
    return bytes;
}

bool heap_trim(size_t pad)
{
    return give_back(pad, "malloc_trim") != 0;
}

size_t heap_purge(const char *function)
{
    return give_back(0, function);
}
