/* SPDX-License-Identifier: MIT */
/* surface/operators.c - the C++ operators new and delete under their mangled names, in C.
 *
 * Each ends in another (family.h), and does so by calls only where that is not ours. Weak: a program that is
 * linked statically may define some of them. Compiled with -fexceptions: what new_handlers and operators of
 * the program throw passes through. */
#include "memory/large.h"
#include "cache/shelf.h"
#include "surface/align.h"
#include "surface/cxx.h"
#include "surface/family.h"
#include "surface/surface.h"

#define OPERATOR EXPORT __attribute__((weak))
#define CALLER __builtin_return_address(0)

/* --- new -----------------------------------------------------------------------------------------*/

/* What the short way has not got, for the code at CALLER. */
typedef void *slow_new(size_t size, const void *caller);

static ALWAYS_INLINE void *new_mid(size_t size, const void *caller, slow_new *slow)
{
    struct tcache *tc = thread_derived();
    void *p;
    if (LIKELY(size <= MID_MAX))
        p = tcache_pop(tc, class_of_mid(size));
    else if (size <= SPAN_MAX)
        p = shelf_take(tc, size);
    else
        p = tc != TCACHE_NONE ? large_reuse(size) : NULL;
    return LIKELY(p != NULL) ? p : slow(size, caller);
}

/* As heap_malloc. */
static ALWAYS_INLINE void *new_short(size_t size, const void *caller, slow_new *mid, slow_new *slow)
{
    if (UNLIKELY(size > TINY_MAX))
        return mid(size, caller);
    void *p = tcache_pop(thread_derived_once(), (size + MIN_ALIGN - 1) / MIN_ALIGN);
    return LIKELY(p != NULL) ? p : slow(size, caller);
}

static void *ours(size_t size)
{
    void *p = heap_malloc(size, "malloc");
    family_settle();
    return p;
}

static NOINLINE void *one_slow(size_t size, const void *caller)
{
    void *p = family_is_ours() ? ours(size) : family.malloc(size ? size : 1);
    return LIKELY(p != NULL) ? p : cxx_new_failed(size, caller);
}

static NOINLINE void *one_mid(size_t size, const void *caller)
{
    return new_mid(size, caller, one_slow);
}

static NOINLINE void *array_slow(size_t size, const void *caller)
{
    return family_is_ours() ? one_slow(size, caller) : family.new_one(size);
}

static NOINLINE void *array_mid(size_t size, const void *caller)
{
    return new_mid(size, caller, array_slow);
}

OPERATOR void *_Znwm(size_t size);
OPERATOR void *_Znwm(size_t size)
{
    return new_short(size, CALLER, one_mid, one_slow);
}

OPERATOR void *_Znam(size_t size);
OPERATOR void *_Znam(size_t size)
{
    return new_short(size, CALLER, array_mid, array_slow);
}

/* --- Aligned new ---------------------------------------------------------------------------------*/

/* As heap_memalign; NULL where the short way has nothing. */
static ALWAYS_INLINE void *aligned_short(size_t size, size_t align)
{
    if (UNLIKELY(align > TINY_MAX || size > TINY_MAX))
        return NULL;
    return tcache_pop(thread_derived_once(), (round_up(size, align) + MIN_ALIGN - 1) / MIN_ALIGN);
}

static NOINLINE void *one_aligned_slow(size_t size, size_t align, const void *caller)
{
    void *p = NULL;
    size_t rounded = align_round(align);
    if (UNLIKELY(!family_is_ours())) {
        p = family.aligned_alloc(rounded, size);
    } else if (rounded != ALIGN_BAD) {
        p = heap_memalign(rounded, size, "malloc");
        family_settle();
    }
    return LIKELY(p != NULL) ? p : cxx_new_aligned_failed(size, align, caller);
}

static NOINLINE void *array_aligned_slow(size_t size, size_t align, const void *caller)
{
    return family_is_ours() ? one_aligned_slow(size, align, caller) : family.new_one_aligned(size, align);
}

OPERATOR void *_ZnwmSt11align_val_t(size_t size, size_t align);
OPERATOR void *_ZnwmSt11align_val_t(size_t size, size_t align)
{
    void *p = aligned_short(size, align_round(align));
    return LIKELY(p != NULL) ? p : one_aligned_slow(size, align, CALLER);
}

OPERATOR void *_ZnamSt11align_val_t(size_t size, size_t align);
OPERATOR void *_ZnamSt11align_val_t(size_t size, size_t align)
{
    void *p = aligned_short(size, align_round(align));
    return LIKELY(p != NULL) ? p : array_aligned_slow(size, align, CALLER);
}

/* --- new with nothrow ----------------------------------------------------------------------------*/

#ifdef PIC
/* RKSt9nothrow_t: const std::nothrow_t &. What the program's own form throws must end as NULL. C cannot catch
 * it; the form of the run-time, which ends in the program's too, can. */
#define NOTHROW(name, base)                                                                                  \
    static NOINLINE void *name##_nothrow_slow(size_t size, const void *caller)                               \
    {                                                                                                        \
        typedef void *function(size_t, const void *);                                                        \
        static _Atomic(function *) form;                                                                     \
        if (LIKELY(family_is_ours())) {                                                                      \
            void *p = ours(size);                                                                            \
            return LIKELY(p != NULL) ? p : cxx_nothrow_failed(#name "mRKSt9nothrow_t", size, caller);        \
        }                                                                                                    \
        if (!load_relaxed(&form))                                                                            \
            store_relaxed(&form, (function *)cxx_of_program(#name "mRKSt9nothrow_t"));                       \
        return load_relaxed(&form) ? load_relaxed(&form)(size, "") : family.base(size);                      \
    }                                                                                                        \
    static NOINLINE void *name##_nothrow_mid(size_t size, const void *caller)                                \
    {                                                                                                        \
        return new_mid(size, caller, name##_nothrow_slow);                                                   \
    }                                                                                                        \
    OPERATOR void *name##mRKSt9nothrow_t(size_t size, const void *nothrow);                                  \
    OPERATOR void *name##mRKSt9nothrow_t(size_t size, const void *nothrow)                                   \
    {                                                                                                        \
        (void)nothrow;                                                                                       \
        return new_short(size, CALLER, name##_nothrow_mid, name##_nothrow_slow);                             \
    }

#define NOTHROW_ALIGNED(name, base)                                                                          \
    static NOINLINE void *name##_nothrow_aligned_slow(size_t size, size_t align, const void *caller)         \
    {                                                                                                        \
        typedef void *function(size_t, size_t, const void *);                                                \
        static _Atomic(function *) form;                                                                     \
        static const char mangled[] = #name "mSt11align_val_tRKSt9nothrow_t";                                \
        if (LIKELY(family_is_ours())) {                                                                      \
            size_t rounded = align_round(align);                                                             \
            void *p = rounded != ALIGN_BAD ? heap_memalign(rounded, size, "malloc") : NULL;                  \
            family_settle();                                                                                 \
            return LIKELY(p != NULL) ? p : cxx_nothrow_aligned_failed(mangled, size, align, caller);         \
        }                                                                                                    \
        if (!load_relaxed(&form))                                                                            \
            store_relaxed(&form, (function *)cxx_of_program(mangled));                                       \
        return load_relaxed(&form) ? load_relaxed(&form)(size, align, "") : family.base(size, align);        \
    }                                                                                                        \
    OPERATOR void *name##mSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *nothrow);     \
    OPERATOR void *name##mSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *nothrow)      \
    {                                                                                                        \
        (void)nothrow;                                                                                       \
        void *p = aligned_short(size, align_round(align));                                                   \
        return LIKELY(p != NULL) ? p : name##_nothrow_aligned_slow(size, align, CALLER);                     \
    }

NOTHROW(_Znw, new_one)
NOTHROW(_Zna, new_array)
NOTHROW_ALIGNED(_Znw, new_one_aligned)
NOTHROW_ALIGNED(_Zna, new_array_aligned)
#endif

/* --- delete --------------------------------------------------------------------------------------*/

/* The way on from a block that the cache did not take. */
#define NEXT(name, function, ...)                                                                            \
    static NOINLINE void name(void *p, ##__VA_ARGS__)                                                        \
    {                                                                                                        \
        if (!family_free_odd(p, "free"))                                                                     \
            family.function;                                                                                 \
    }
NEXT(next_free, free(p))
NEXT(next_one, delete_one(p))
NEXT(next_array, delete_array(p))
NEXT(next_one_aligned, delete_one_aligned(p, align), size_t align)
NEXT(next_array_aligned, delete_array_aligned(p, align), size_t align)

#define DELETE(name, next, ...)                                                                              \
    OPERATOR void name(void *p, ##__VA_ARGS__);                                                              \
    OPERATOR void name(void *p, ##__VA_ARGS__)                                                               \
    {                                                                                                        \
        if (UNLIKELY(!heap_free_to(thread_derived(), p, "free")))                                            \
            next;                                                                                            \
    }

#pragma GCC diagnostic ignored "-Wunused-parameter"
DELETE(_ZdlPv, next_free(p))
DELETE(_ZdlPvm, next_one(p), size_t size)
DELETE(_ZdlPvRKSt9nothrow_t, next_one(p), const void *nothrow)
DELETE(_ZdlPvSt11align_val_t, next_free(p), size_t align)
DELETE(_ZdlPvmSt11align_val_t, next_one_aligned(p, align), size_t size, size_t align)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, next_one_aligned(p, align), size_t align, const void *nothrow)
DELETE(_ZdaPv, next_one(p))
DELETE(_ZdaPvm, next_array(p), size_t size)
DELETE(_ZdaPvRKSt9nothrow_t, next_array(p), const void *nothrow)
DELETE(_ZdaPvSt11align_val_t, next_one_aligned(p, align), size_t align)
DELETE(_ZdaPvmSt11align_val_t, next_array_aligned(p, align), size_t size, size_t align)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, next_array_aligned(p, align), size_t align, const void *nothrow)

OWN_NAME(hak_own_new_one, _Znwm);
OWN_NAME(hak_own_new_array, _Znam);
OWN_NAME(hak_own_new_one_aligned, _ZnwmSt11align_val_t);
OWN_NAME(hak_own_new_array_aligned, _ZnamSt11align_val_t);
OWN_NAME(hak_own_delete_one, _ZdlPv);
OWN_NAME(hak_own_delete_array, _ZdaPv);
OWN_NAME(hak_own_delete_one_aligned, _ZdlPvSt11align_val_t);
OWN_NAME(hak_own_delete_array_aligned, _ZdaPvSt11align_val_t);
