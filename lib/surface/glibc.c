/* SPDX-License-Identifier: MIT */
/* surface/glibc.c - what glibc's malloc.h offers beside the malloc family. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/libc.h"
#include "heap/heap.h"
#include "heap/tunable.h"
#include "insight/format.h"
#include "insight/summary.h"
#include "surface/surface.h"

const char hak_surface_glibc = 1;
static const char *const other __attribute__((used)) = &hak_surface_malloc;

static bool passive(void)
{
    return load_relaxed(&heap_mode) == HEAP_PASSIVE;
}

/* In passive mode libc's own function answers: the memory is libc's. */
#define LIBC_FUNCTION(type, name) ((type)(passive() ? libc_symbol(name) : NULL))

EXPORT size_t malloc_usable_size(void *p)
{
    return heap_usable_size(p, "malloc_usable_size");
}

EXPORT int malloc_trim(size_t pad)
{
    int (*libc)(size_t) = LIBC_FUNCTION(int (*)(size_t), "malloc_trim");
    return libc ? libc(pad) : heap_trim(pad);
}

/* What is freed at the top of glibc's heap and goes back when there is more than so much, is what EMPTY slabs
 * are here. Negative: glibc never returns any. */
static int set_trim_threshold(int value)
{
    uint64_t bytes = value < 0 ? option_rows[OPT_RETAIN_BYTES].max : (uint64_t)value;
    return tunable_set(OPT_RETAIN_BYTES, bytes) == TUNABLE_OK;
}

/* 1 for the parameters of glibc that have a meaning here or are hints that this allocator has no use for; 0
 * for M_PERTURB, whose effect a program would miss, and for what glibc does not know either. */
EXPORT int mallopt(int parameter, int value)
{
    int (*libc)(int, int) = LIBC_FUNCTION(int (*)(int, int), "mallopt");
    if (libc)
        return libc(parameter, value);
    switch (parameter) {
    case M_TRIM_THRESHOLD: return set_trim_threshold(value);
    case M_MXFAST:
    case M_TOP_PAD:
    case M_MMAP_THRESHOLD:
    case M_MMAP_MAX:
    case M_CHECK_ACTION:
    case M_ARENA_TEST:
    case M_ARENA_MAX: return 1;
    default: return 0;
    }
}

SECOND_NAME(__libc_mallopt, mallopt);

EXPORT struct mallinfo2 mallinfo2(void)
{
    struct mallinfo2 (*libc)(void) = LIBC_FUNCTION(struct mallinfo2(*)(void), "mallinfo2");
    if (libc)
        return libc();
    struct hak_stats s;
    summary_get(&s, false);
    struct format_arena a = format_arena(&s);
    return (struct mallinfo2){.arena = a.held,
                              .ordblks = a.rest_blocks,
                              .smblks = a.fast_blocks,
                              .hblks = s.large_blocks,
                              .hblkhd = s.large_bytes,
                              .usmblks = s.in_use_peak_bytes,
                              .fsmblks = a.fast,
                              .uordblks = a.live,
                              .fordblks = a.fast + a.rest,
                              .keepcost = a.fast + a.rest + s.large_cached_bytes};
}

static int clamp(size_t n)
{
    return n > INT_MAX ? INT_MAX : (int)n;
}

EXPORT struct mallinfo mallinfo(void)
{
    struct mallinfo2 m = mallinfo2();
    return (struct mallinfo){.arena = clamp(m.arena),
                             .ordblks = clamp(m.ordblks),
                             .smblks = clamp(m.smblks),
                             .hblks = clamp(m.hblks),
                             .hblkhd = clamp(m.hblkhd),
                             .usmblks = clamp(m.usmblks),
                             .fsmblks = clamp(m.fsmblks),
                             .uordblks = clamp(m.uordblks),
                             .fordblks = clamp(m.fordblks),
                             .keepcost = clamp(m.keepcost)};
}

static int put_file(void *to, const char *text, size_t len)
{
    return fwrite(text, 1, len, to) == len ? 0 : EIO;
}

/* glibc's document, with one element more. */
EXPORT int malloc_info(int options, FILE *out)
{
    int (*libc)(int, FILE *) = LIBC_FUNCTION(int (*)(int, FILE *), "malloc_info");
    if (libc)
        return libc(options, out);
    return options ? EINVAL : format_xml(put_file, out);
}

EXPORT void malloc_stats(void)
{
    void (*libc)(void) = LIBC_FUNCTION(void (*)(void), "malloc_stats");
    if (libc)
        libc();
    else
        (void)format_print(STDERR_FILENO, HAK_TEXT);
}
