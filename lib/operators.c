/* SPDX-License-Identifier: MIT */
/* operators.c - the C++ operators new and delete under their mangled names, in C (floor F9).
 *
 * new calls the new_handler until memory can be had or there is no handler, and then throws. Both
 * come from libstdc++ where the program has it; without it nobody calls these functions. Compiled
 * with -fexceptions: an exception of the handler passes through. */
#include "align.h"
#include "heap.h"
#include "libc.h"
#include "os.h"
#include "surface.h"

const char hak_surface_operators = 1;
static const char *const other __attribute__((used)) = &hak_surface_malloc;

#define WEAK __attribute__((weak))
typedef void (*new_handler)(void);
extern new_handler _ZSt15get_new_handlerv(void) WEAK; /* std::get_new_handler() */
extern void _ZSt17__throw_bad_allocv(void) WEAK;      /* std::__throw_bad_alloc() */

/* After a failed allocation: ask the handler and try again. NULL if there is no handler. */
static COLD void *new_retry(size_t size, size_t align)
{
    void *p = NULL;
    new_handler handler;
    while (!p && _ZSt15get_new_handlerv && (handler = _ZSt15get_new_handlerv()) != NULL) {
        handler();
        p = heap_memalign(align, size, "malloc");
    }
    return p;
}

static COLD void *new_or_throw(size_t size, size_t align)
{
    void *p = new_retry(size, align);
    if (!p && _ZSt17__throw_bad_allocv)
        _ZSt17__throw_bad_allocv();
    if (!p)
        os_abort();
    return p;
}

static ALWAYS_INLINE void *new_plain(size_t size)
{
    void *p = heap_malloc(size, "malloc");
    return LIKELY(p != NULL) ? p : new_or_throw(size, MIN_ALIGN);
}

static bool have_handler(void)
{
    return _ZSt15get_new_handlerv && _ZSt15get_new_handlerv() != NULL;
}

/* What the handler throws must end as NULL. C cannot catch it; libstdc++'s own operator, which calls
 * ours that throws, can. */
static COLD void *nothrow_retry(size_t size)
{
    typedef void *nothrow_new(size_t, const void *);
    nothrow_new *next = have_handler() ? (nothrow_new *)libc_symbol("_ZnwmRKSt9nothrow_t") : NULL;
    return next ? next(size, "") : NULL;
}

static COLD void *nothrow_retry_aligned(size_t size, size_t align)
{
    typedef void *nothrow_new(size_t, size_t, const void *);
    nothrow_new *next =
        have_handler() ? (nothrow_new *)libc_symbol("_ZnwmSt11align_val_tRKSt9nothrow_t") : NULL;
    return next ? next(size, align, "") : NULL;
}

static ALWAYS_INLINE void *new_plain_nothrow(size_t size)
{
    void *p = heap_malloc(size, "malloc");
    return LIKELY(p != NULL) ? p : nothrow_retry(size);
}

static void *new_aligned(size_t size, size_t align)
{
    void *p = heap_memalign(align_round(align), size, "malloc");
    return LIKELY(p != NULL) ? p : new_or_throw(size, align_round(align));
}

static void *new_aligned_nothrow(size_t size, size_t align)
{
    void *p = heap_memalign(align_round(align), size, "malloc");
    return LIKELY(p != NULL) ? p : nothrow_retry_aligned(size, align_round(align));
}

/* Mangled: Znw new, Zna new[], Zdl delete, Zda delete[]; m size_t, Pv void *; RKSt9nothrow_t
 * const std::nothrow_t &, St11align_val_t std::align_val_t. */
#define NEW(name)                                                                                            \
    EXPORT void *name##m(size_t size);                                                                       \
    EXPORT void *name##m(size_t size)                                                                        \
    {                                                                                                        \
        return new_plain(size);                                                                              \
    }                                                                                                        \
    EXPORT void *name##mRKSt9nothrow_t(size_t size, const void *nothrow);                                    \
    EXPORT void *name##mRKSt9nothrow_t(size_t size, const void *nothrow)                                     \
    {                                                                                                        \
        (void)nothrow;                                                                                       \
        return new_plain_nothrow(size);                                                                      \
    }                                                                                                        \
    EXPORT void *name##mSt11align_val_t(size_t size, size_t align);                                          \
    EXPORT void *name##mSt11align_val_t(size_t size, size_t align)                                           \
    {                                                                                                        \
        return new_aligned(size, align);                                                                     \
    }                                                                                                        \
    EXPORT void *name##mSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *nothrow);       \
    EXPORT void *name##mSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *nothrow)        \
    {                                                                                                        \
        (void)nothrow;                                                                                       \
        return new_aligned_nothrow(size, align);                                                             \
    }

#define DELETE_WITH(name, ...)                                                                               \
    EXPORT void name(void *p, ##__VA_ARGS__);                                                                \
    EXPORT void name(void *p, ##__VA_ARGS__)                                                                 \
    {                                                                                                        \
        heap_free(p, "free");                                                                                \
    }

#pragma GCC diagnostic ignored "-Wunused-parameter"
#define DELETE(name)                                                                                         \
    DELETE_WITH(name##Pv)                                                                                    \
    DELETE_WITH(name##Pvm, size_t size)                                                                      \
    DELETE_WITH(name##PvRKSt9nothrow_t, const void *nothrow)                                                 \
    DELETE_WITH(name##PvSt11align_val_t, size_t align)                                                       \
    DELETE_WITH(name##PvmSt11align_val_t, size_t size, size_t align)                                         \
    DELETE_WITH(name##PvSt11align_val_tRKSt9nothrow_t, size_t align, const void *nothrow)

NEW(_Znw)
NEW(_Zna)
DELETE(_Zdl)
DELETE(_Zda)
