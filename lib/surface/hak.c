/* SPDX-License-Identifier: MIT */
/* surface/hak.c - the hak_* functions of hakmem.h. */
/* For callers: within the function gcc 12 takes it to say that the argument itself is not set. */
#define HAK_UNREAD
#include "hakmem.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "heap/aside.h"
#include "surface/align.h"
#include "config.h"
#include "events/failure.h"
#include "memory/large.h"
#include "heap/heap.h"
#include "heap/tunable.h"
#include "insight/byname.h"
#include "insight/format.h"
#include "insight/profile.h"
#include "insight/summary.h"
#include "insight/validate.h"
#include "insight/walk.h"

static_assert((int)HAK_REASON_THRESHOLD == (int)FAILURE_THRESHOLD, "reasons are one list");
static_assert((int)HAK_REASON_MAPFAIL == (int)FAILURE_MAPFAIL, "reasons are one list");

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
    return classmap_get(address) != CLASS_NONE || large_holds(address) || aside_owns(address);
}

EXPORT int hak_trim(size_t pad)
{
    return heap_trim(pad);
}

EXPORT size_t hak_purge(void)
{
    return tunable_purge();
}

static int failed(int code)
{
    if (code == 0)
        return 0;
    errno = code;
    return -1;
}

EXPORT int hak_profile_start(size_t mean)
{
    return failed(tunable_sample(true, mean));
}

EXPORT int hak_profile_stop(void)
{
    return failed(tunable_sample(false, 0));
}

EXPORT int hak_profile_dump(const char *path)
{
    int saved = errno, code = path ? profile_write(path) : EFAULT;
    errno = saved;
    return failed(code);
}

static bool is_class(int size_class)
{
    if (size_class >= 1 && size_class < CLASSES)
        return true;
    errno = EINVAL;
    return false;
}

EXPORT int hak_ss_prewarm_class(int size_class, unsigned count)
{
    if (!is_class(size_class))
        return -1;
    return (int)tunable_prewarm((unsigned)size_class, min_size(count, INT_MAX));
}

EXPORT int hak_policy_set_cap(int size_class, size_t slabs)
{
    return is_class(size_class) && tunable_set_cap((unsigned)size_class, slabs) ? 0 : -1;
}

EXPORT int hak_class_of(size_t size)
{
    return size <= MID_MAX ? (int)class_of(size ? size : 1) : -1;
}

EXPORT int hak_check(void)
{
    return validate_heap();
}

static struct hak_error error_of(const struct failure *f)
{
    struct failure_environment at = f->at;
    if (!at.known)
        failure_environment(&at);
    return (struct hak_error){.number = f->number,
                              .time_ns = f->time_ns,
                              .thread = f->thread,
                              .thread_id = f->tid,
                              .bytes = f->size,
                              .alignment = f->alignment,
                              .reason = f->reason,
                              .size_class = f->size_class,
                              .saved_errno = f->code,
                              .system_call = f->call,
                              .mapped_bytes = f->mapped,
                              .mappings = f->mappings,
                              .address_space = at.address_space,
                              .address_limit = at.address_limit,
                              .data_limit = at.data_limit,
                              .maps = at.maps,
                              .maps_limit = at.maps_limit,
                              .overcommit = at.overcommit};
}

EXPORT int hak_stats_print(int fd, enum hak_format format)
{
    int code = format_print(fd, format);
    if (code)
        errno = code;
    return code ? -1 : 0;
}

EXPORT int hak_ctl(const char *name, uint64_t *old_value, const uint64_t *new_value)
{
    int code = name ? ctl(name, old_value, new_value) : EINVAL;
    if (code)
        errno = code;
    return code ? -1 : 0;
}

EXPORT const char *hak_ctl_name(size_t index)
{
    return byname_name(index);
}

EXPORT int hak_walk(int (*each)(void *block, size_t size, void *arg), void *arg)
{
    if (!each) {
        errno = EINVAL;
        return -1;
    }
    return walk_blocks(each, arg);
}

/* Copy FROM, a structure of SIZE_OF bytes, to the caller's of SIZE: its program may have been built with
 * another release. */
static int copy_out(void *out, size_t size, const void *from, size_t size_of)
{
    if (!out || !size) {
        errno = EINVAL;
        return -1;
    }
    memset(out, 0, size);
    memcpy(out, from, min_size(size, size_of));
    return 0;
}

EXPORT int hak_stats_get(struct hak_stats *out, size_t size)
{
    struct hak_stats s;
    summary_get(&s, statistics_resident(size));
    s.size = min_size(size, sizeof s);
    return copy_out(out, size, &s, sizeof s);
}

EXPORT int hak_last_error(struct hak_error *out, size_t size)
{
    struct hak_error e = {0};
    struct failure f;
    bool any = failure_latest(&f);
    if (any)
        e = error_of(&f);
    return copy_out(out, size, &e, sizeof e) == 0 ? any : -1;
}
