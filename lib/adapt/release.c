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
    if (thread_self.cache != TCACHE_NONE) {
        tcache_flush(thread_self.cache, function);
        shelf_flush(thread_self.cache, function);
    }
    thread_flush_idle(UINT64_MAX, function);
    for (unsigned c = 1; c < CLASSES; c++) {
        struct magazine mag;
        while ((mag = transfer_remove(c)).count)
            pool_drain(c, mag, function);
    }
    large_unpark();
}

size_t release_free(size_t pad, const char *function)
{
    release_caches(function); /* first: what comes home may make slabs EMPTY */
    size_t bytes = pool_trim(SIZE_MAX);
    bytes += strip_trim(0);
    bytes += large_trim(0);
    return bytes + purge_trim(pad);
}
