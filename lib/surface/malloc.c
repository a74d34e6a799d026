/* SPDX-License-Identifier: MIT */
/* surface/malloc.c - the malloc family by its names.
 * Each function checks its arguments, says what errno becomes, and leaves the work to heap.h. */
#include <errno.h>

#include "base/os.h"
#include "events/failure.h"
#include "heap/heap.h"
#include "surface/align.h"
#include "surface/family.h"
#include "surface/surface.h"

const char hak_surface_malloc = 1;
static const char *const other __attribute__((used)) = &hak_surface_glibc;

EXPORT HOT void *malloc(size_t size)
{
    return heap_malloc(size, "malloc");
}

EXPORT HOT void free(void *p)
{
    heap_free(p, "free");
}

EXPORT void cfree(void *p)
{
    heap_free(p, "cfree");
}

/* C23: the size is a promise of the caller's that we do not need. Both end in the free of the process. */
EXPORT void free_sized(void *p, size_t size)
{
    (void)size;
    family_free(p, "free_sized");
}

EXPORT void free_aligned_sized(void *p, size_t alignment, size_t size)
{
    (void)alignment;
    (void)size;
    family_free(p, "free_aligned_sized");
}

EXPORT void *calloc(size_t n, size_t size)
{
    return heap_calloc(n, size, "calloc");
}

EXPORT void *realloc(void *p, size_t size)
{
    return heap_realloc(p, size, "realloc");
}

/* Ends in the realloc of the process, as glibc's does. */
EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
    size_t total;
    if (UNLIKELY(__builtin_mul_overflow(n, size, &total)))
        return failure_record(FAILURE_THRESHOLD, SIZE_MAX, MIN_ALIGN, -1);
    if (UNLIKELY(!family_is_ours()) && family.realloc != family_own.realloc)
        return family.realloc(p, total);
    return heap_realloc(p, total, "reallocarray");
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    size_t align = align_round(alignment);
    if (UNLIKELY(align == ALIGN_BAD)) {
        errno = EINVAL;
        return NULL;
    }
    return heap_memalign(align, size, "memalign");
}

OWN_NAME(hak_own_memalign, memalign);

/* This and what follows end in glibc's own heap there, whatever memalign and malloc the process has: here in
 * ours. glibc 2.36 has aligned_alloc take whatever memalign takes. */
EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return hak_own_memalign(alignment, size);
}

/* Says what is wrong by its result; errno stays as it was. */
EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || !is_pow2(alignment))
        return EINVAL;
    int saved = errno;
    void *p = heap_memalign(align_round(alignment), size, "memalign");
    errno = saved;
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

EXPORT void *valloc(size_t size)
{
    return heap_memalign(os_page_size(), size, "memalign");
}

EXPORT void *pvalloc(size_t size)
{
    size_t page = os_page_size();
    if (UNLIKELY(size > PTRDIFF_MAX - page))
        return failure_record(FAILURE_THRESHOLD, size, page, -1);
    return heap_memalign(page, round_up(size, page), "memalign");
}

SECOND_NAME(__libc_malloc, malloc);
SECOND_NAME(__libc_free, free);
SECOND_NAME(__libc_calloc, calloc);
SECOND_NAME(__libc_realloc, realloc);
SECOND_NAME(__libc_reallocarray, reallocarray);
SECOND_NAME(__libc_memalign, memalign);
SECOND_NAME(__libc_valloc, valloc);
SECOND_NAME(__libc_pvalloc, pvalloc);

OWN_NAME(hak_own_malloc, malloc);
OWN_NAME(hak_own_free, free);
OWN_NAME(hak_own_realloc, realloc);
OWN_NAME(hak_own_aligned_alloc, aligned_alloc);
