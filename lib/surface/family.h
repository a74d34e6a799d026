/* SPDX-License-Identifier: MIT */
/* surface/family.h - which functions of the family the process has from us.
 *
 * Some functions end in others: by [new.delete], and in glibc. A program may define the others and not the
 * first; then ours must end in the program's, as those of libstdc++ and glibc do:
 *
 *   new                          malloc, then the new_handler, again and again
 *   new[]                        new
 *   new, new[] with nothrow      new, new[]; what they throw becomes NULL
 *   aligned new, new[], nothrow  aligned_alloc; likewise
 *   delete                       free
 *   delete[]                     delete
 *   sized, nothrow               the same without
 *   aligned delete, delete[]     free, aligned delete; sized, nothrow likewise
 *   reallocarray                 realloc
 *   free_sized, free_aligned_sized   free
 *
 * calloc, memalign, aligned_alloc, posix_memalign, valloc and pvalloc end in no other, in glibc and here.
 *
 * Which are ours the linker has decided: `family` holds the addresses that it found. Where all are ours, each
 * of these functions takes the short way of malloc or free, by a pointer of its own to the cache of the
 * thread (thread_self.derived). It is empty in every other process, whose calls then go through `family` step
 * by step: so the short way asks nothing. */
#ifndef HAK_FAMILY_H
#define HAK_FAMILY_H

#include "heap/heap.h"

/* Mangled: Znw new, Zna new[], Zdl delete, Zda delete[]; m size_t, Pv void *; St11align_val_t
 * std::align_val_t. */
struct family {
    void *(*malloc)(size_t size);
    void *(*realloc)(void *p, size_t size);
    void *(*aligned_alloc)(size_t align, size_t size);
    void (*free)(void *p);
    void *(*new_one)(size_t size);
    void *(*new_array)(size_t size);
    void *(*new_one_aligned)(size_t size, size_t align);
    void *(*new_array_aligned)(size_t size, size_t align);
    void (*delete_one)(void *p);
    void (*delete_array)(void *p);
    void (*delete_one_aligned)(void *p, size_t align);
    void (*delete_array_aligned)(void *p, size_t align);
};
HIDDEN extern struct family family;           /* as the process has them, once the state is settled */
HIDDEN extern const struct family family_own; /* ours */

enum family_state { FAMILY_UNKNOWN, FAMILY_OURS, FAMILY_MIXED };
HIDDEN extern _Atomic(enum family_state) family_state;
COLD bool family_find(void);

/* True if the process has all of them from us. */
static inline bool family_is_ours(void)
{
    enum family_state state = load_acquire(&family_state);
    return LIKELY(state == FAMILY_OURS) || (state == FAMILY_UNKNOWN && family_find());
}

/* P, which heap_free_to did not take: free it, if all are ours. False if the next function is to do it. */
bool family_free_odd(void *p, const char *function);

/* Free P for a function that ends in free. */
void family_free_slow(void *p, const char *function);
static ALWAYS_INLINE void family_free(void *p, const char *function)
{
    if (UNLIKELY(!heap_free_to(thread_derived(), p, function)))
        family_free_slow(p, function);
}

/* Such a function has served its caller by heap.h: from now on this thread takes the short way. */
static ALWAYS_INLINE void family_settle(void)
{
    store_relaxed(&thread_self.derived, thread_cache());
}

#endif
