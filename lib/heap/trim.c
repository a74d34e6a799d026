/* SPDX-License-Identifier: MIT */
/* heap/trim.c - everything that is free goes back to the system, by request. */
#include "heap/heap.h"

#include "adapt/release.h"
#include "adapt/tick.h"

/* Give back what is free, but PAD bytes of EMPTY slabs; nothing while a fork is under way. */
static size_t give_back(size_t pad, const char *function)
{
    if (!gate_enter())
        return 0;
    size_t bytes = release_free(pad, function);
    gate_leave();
    tick_traces();
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
