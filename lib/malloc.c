/* SPDX-License-Identifier: MIT */
/* malloc.c - the malloc family by its names (floor F9).
 * Each function checks its arguments, says what errno becomes, and leaves the work to heap.h. */
#include <errno.h>

#include "align.h"
#include "heap.h"
#include "os.h"
#include "surface.h"
#include "trace.h"

const char hak_surface_malloc = 1;
static const char *const others[] __attribute__((used)) = {&hak_surface_glibc, &hak_surface_operators};

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

/* C23: the size is a promise of the caller's that we do not need. */
EXPORT void free_sized(void *p, size_t size)
{
    (void)size;
    heap_free(p, "free_sized");
}

EXPORT void free_aligned_sized(void *p, size_t alignment, size_t size)
{
    (void)alignment;
    (void)size;
    heap_free(p, "free_aligned_sized");
}

EXPORT void *calloc(size_t n, size_t size)
{
    return heap_calloc(n, size, "calloc");
}

EXPORT void *realloc(void *p, size_t size)
{
    return heap_realloc(p, size, "realloc");
}

EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
    size_t total;
    if (UNLIKELY(__builtin_mul_overflow(n, size, &total)))
        return trace_failure(TRACE_THRESHOLD, SIZE_MAX, MIN_ALIGN, -1);
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

/* glibc 2.36 has aligned_alloc take whatever memalign takes. */
EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
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
        return trace_failure(TRACE_THRESHOLD, size, page, -1);
    return heap_memalign(page, round_up(size, page), "memalign");
}
