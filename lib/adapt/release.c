/* SPDX-License-Identifier: MIT */
/* adapt/release.c - everything that is free goes back to the system at once. */
#include "adapt/release.h"

#include "memory/large.h"
#include "memory/pool.h"
#include "memory/purge.h"
#include "memory/strippages.h"
#include "cache/shelf.h"
#include "cache/thread.h"
#include "cache/transfer.h"

void release_caches(const char *function)
{
    struct tcache *tc = thread_cache();
    if (tc != TCACHE_NONE) {
        tcache_flush(tc, function);
        shelf_flush(tc, function);
    }
    thread_flush_idle(UINT64_MAX, function);
    for (unsigned c = 1; c < CLASSES; c++) {
        struct magazine mag;
        while ((mag = transfer_remove(c)).count)
            pool_drain(c, mag, function);
    }
    large_unpark();
}

size_t release_kept(size_t pad)
{
    size_t bytes = strip_trim(0);
    bytes += large_trim(0);
    return bytes + purge_trim(pad);
}

size_t release_free(size_t pad, const char *function)
{
    release_caches(function); /* first: what comes home may make slabs EMPTY */
    size_t bytes = pool_trim(SIZE_MAX);
    return bytes + release_kept(pad);
}
