/* SPDX-License-Identifier: MIT */
/* hak.c - the hak_* functions of hakmem.h (floor F9). */
#include "../include/hakmem.h"

#include <errno.h>
#include <string.h>

#include "align.h"
#include "config.h"
#include "heap.h"
#include "large.h"
#include "summary.h"
#include "trace.h"
#include "validate.h"

static_assert((int)HAK_REASON_THRESHOLD == (int)TRACE_THRESHOLD, "reasons are one list");
static_assert((int)HAK_REASON_MAPFAIL == (int)TRACE_MAPFAIL, "reasons are one list");

EXPORT const char *hak_version(void)
{
    return PACKAGE_VERSION;
}

EXPORT void *hak_malloc(size_t size)
{
    return heap_malloc(size, "hak_malloc");
}

EXPORT void *hak_calloc(size_t n, size_t size)
{
    return heap_calloc(n, size, "hak_calloc");
}

EXPORT void *hak_realloc(void *block, size_t size)
{
    return heap_realloc(block, size, "hak_realloc");
}

EXPORT void hak_free(void *block)
{
    heap_free(block, "hak_free");
}

EXPORT void *hak_memalign(size_t alignment, size_t size)
{
    size_t align = align_round(alignment);
    if (align == ALIGN_BAD) {
        errno = EINVAL;
        return NULL;
    }
    return heap_memalign(align, size, "hak_memalign");
}

EXPORT size_t hak_usable_size(const void *block)
{
    return heap_usable_size(block, "hak_usable_size");
}

EXPORT int hak_owns(const void *address)
{
    return classmap_get(address) != CLASS_NONE || large_holds(address);
}

EXPORT int hak_trim(size_t pad)
{
    return heap_trim(pad);
}

EXPORT int hak_check(void)
{
    return validate_heap();
}

EXPORT int hak_stats_get(struct hak_stats *out, size_t size)
{
    struct hak_stats s;
    if (!out || !size) {
        errno = EINVAL;
        return -1;
    }
    summary_get(&s);
    /* A program built with another release has a shorter or longer structure. */
    memset(out, 0, size);
    memcpy(out, &s, size < sizeof s ? size : sizeof s);
    return 0;
}

EXPORT int hak_last_failure(struct hak_failure *out)
{
    struct failure e;
    if (!trace_latest(&e))
        return 0;
    *out = (struct hak_failure){.size = e.size,
                                .reason = (enum hak_reason)e.reason,
                                .size_class = (int)e.size_class,
                                .saved_errno = (int)e.code,
                                .system_call = e.call};
    return 1;
}
