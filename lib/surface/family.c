/* SPDX-License-Identifier: MIT */
/* surface/family.c - which functions of the family the process has from us.
 *
 * It defines none of them, so that the compiler leaves their addresses to the linker. */
#include "surface/family.h"

#include <stdlib.h>

#include "base/object.h"

/* Member of struct family, and the public name. */
#define FAMILY(X)                                                                                            \
    X(malloc, malloc)                                                                                        \
    X(realloc, realloc)                                                                                      \
    X(aligned_alloc, aligned_alloc)                                                                          \
    X(free, free)                                                                                            \
    X(new_one, _Znwm)                                                                                        \
    X(new_array, _Znam)                                                                                      \
    X(new_one_aligned, _ZnwmSt11align_val_t)                                                                 \
    X(new_array_aligned, _ZnamSt11align_val_t)                                                               \
    X(delete_one, _ZdlPv)                                                                                    \
    X(delete_array, _ZdaPv)                                                                                  \
    X(delete_one_aligned, _ZdlPvSt11align_val_t)                                                             \
    X(delete_array_aligned, _ZdaPvSt11align_val_t)

#define WEAK __attribute__((weak))

/* Weak: a static program in C has none of the operators. */
WEAK void *_Znwm(size_t size);
WEAK void *_Znam(size_t size);
WEAK void *_ZnwmSt11align_val_t(size_t size, size_t align);
WEAK void *_ZnamSt11align_val_t(size_t size, size_t align);
WEAK void _ZdlPv(void *p);
WEAK void _ZdaPv(void *p);
WEAK void _ZdlPvSt11align_val_t(void *p, size_t align);
WEAK void _ZdaPvSt11align_val_t(void *p, size_t align);

HIDDEN extern __typeof(malloc) hak_own_malloc;
HIDDEN extern __typeof(realloc) hak_own_realloc;
HIDDEN extern __typeof(aligned_alloc) hak_own_aligned_alloc;
HIDDEN extern __typeof(free) hak_own_free;
HIDDEN WEAK extern __typeof(_Znwm) hak_own_new_one, hak_own_new_array;
HIDDEN WEAK extern __typeof(_ZnwmSt11align_val_t) hak_own_new_one_aligned, hak_own_new_array_aligned;
HIDDEN WEAK extern __typeof(_ZdlPv) hak_own_delete_one, hak_own_delete_array;
HIDDEN WEAK extern __typeof(_ZdlPvSt11align_val_t) hak_own_delete_one_aligned, hak_own_delete_array_aligned;

#define OWN(member, name) .member = hak_own_##member,
const struct family family_own = {FAMILY(OWN)};

/* The linker's word. Of a shared library it would be the loader's, at each start; there the objects are
 * asked. */
#ifdef PIC
#define FIRST(member, name) .member = hak_own_##member,
#else
#define FIRST(member, name) .member = name,
#endif
struct family family = {FAMILY(FIRST)};

_Atomic(enum family_state) family_state;

typedef void any_function(void);
enum { MEMBERS = sizeof family / sizeof(any_function *) };

/* The function NAME of the first object in front of OWN that has one. */
static void *first_of(const char *name, const struct link_map *own)
{
    void *found = NULL;
    for (const struct link_map *map = own ? object_first() : NULL; map && map != own && !found;
         map = map->l_next)
        found = object_function(map, name);
    return found;
}

/* Threads that come here at the same time find the same. */
bool family_find(void)
{
#define NAME(member, name) #name,
    static const char *const names[] = {FAMILY(NAME)};
    static_assert(sizeof names / sizeof names[0] == MEMBERS, "each member has its row");
    any_function **has = (any_function **)&family, *const *own = (any_function *const *)&family_own;
    KEEP_ADDRESS(has); /* the compiler is not to take two names for two functions */
    const struct link_map *object = object_own();
    bool same = true;
    for (size_t i = 0; i < MEMBERS; i++) {
        void *first = first_of(names[i], object);
        if (first)
            __atomic_store_n(&has[i], *(any_function **)&first, __ATOMIC_RELAXED);
        same = same && has[i] == own[i];
    }
    store_release(&family_state, same ? FAMILY_OURS : FAMILY_MIXED);
    return same;
}

bool family_free_odd(void *p, const char *function)
{
    if (UNLIKELY(!family_is_ours()))
        return false;
    if (thread_derived() == thread_cache()) {
        heap_free_odd(p, function);
        return true;
    }
    family_settle();
    heap_free(p, function);
    return true;
}

void family_free_slow(void *p, const char *function)
{
    if (!family_free_odd(p, function))
        family.free(p);
}
