/* SPDX-License-Identifier: MIT */
/* surface/cxx.c - the C++ run-time of who calls the operators.
 *
 * It alone knows the new_handler and can throw. A program in C may have none when it starts and several
 * later, one in each plugin: so the one that belongs to the caller is looked for when it is needed, from the
 * return address on. Whatever it is, it has an `operator new` of its own, which asks malloc again, calls the
 * new_handler and throws. In a static link there is one, which is linked with us. */
#include "surface/cxx.h"

#include "events/fault.h"
#include "surface/family.h"

typedef void *new_function(size_t);
typedef void *new_aligned_function(size_t, size_t);
typedef void *nothrow_function(size_t, const void *);
typedef void *nothrow_aligned_function(size_t, size_t, const void *);
typedef void (*new_handler)(void);

#ifdef PIC
#include <string.h>

#include "base/libc.h"
#include "base/object.h"

enum { OBJECTS_MAX = 256 };

struct search {
    const char *name;             /* of the function */
    const void *caller;           /* or NULL: the program */
    void *function;               /* found */
    new_handler (*handler)(void); /* std::get_new_handler beside it */
};

/* A run-time, unlike a library that replaces operators, has the handler. */
static bool look_into(const struct link_map *map, struct search *s)
{
    void *function = object_function(map, s->name);
    void *handler = function && map != object_own() ? object_function(map, "_ZSt15get_new_handlerv") : NULL;
    if (!handler)
        return false;
    s->function = function;
    *(void **)&s->handler = handler;
    return true;
}

static const struct link_map *object_named(const char *name)
{
    const struct link_map *map = object_first();
    for (; map; map = map->l_next) {
        struct object_tables t;
        object_tables(map, &t);
        const char *slash = strrchr(map->l_name, '/');
        if ((t.soname && strcmp(t.soname, name) == 0) || strcmp(slash ? slash + 1 : map->l_name, name) == 0)
            break;
    }
    return map;
}

/* FROM, then what it needs, then what that needs, in the order of the loader. */
static bool look_along(const struct link_map *from, struct search *s)
{
    const struct link_map *seen[OBJECTS_MAX] = {from};
    size_t count = 1;
    for (size_t i = 0; i < count; i++) {
        struct object_tables t;
        object_tables(seen[i], &t);
        if (look_into(seen[i], s))
            return true;
        for (const ElfW(Dyn) *d = seen[i]->l_ld; d && t.strings && d->d_tag != DT_NULL; d++) {
            const struct link_map *needed =
                d->d_tag == DT_NEEDED ? object_named(t.strings + d->d_un.d_val) : NULL;
            bool known = !needed || count == OBJECTS_MAX;
            for (size_t j = 0; j < count && !known; j++)
                known = seen[j] == needed;
            if (!known)
                seen[count++] = needed;
        }
    }
    return false;
}

/* The loader's lock is held: nothing is unloaded. */
static void look_everywhere(const struct link_map *from, struct search *s)
{
    if (from && look_along(from, s))
        return;
    for (const struct link_map *map = object_first(); map && s->caller; map = map->l_next)
        if (look_into(map, s))
            return;
}

static const struct link_map *object_of_section(uintptr_t section)
{
    const struct link_map *map = object_first();
    while (map && (uintptr_t)map->l_ld != section)
        map = map->l_next;
    return map;
}

/* For dl_iterate_phdr: go on until the object of the caller has come. */
static int visit(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct search *s = arg;
    uintptr_t section = 0;
    bool found = false;
    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + h->p_vaddr;
        found = found || (h->p_type == PT_LOAD && (uintptr_t)s->caller - begin < h->p_memsz);
        section = h->p_type == PT_DYNAMIC ? begin : section;
    }
    if (!found && s->caller)
        return 0;
    look_everywhere(found ? object_of_section(section) : object_first(), s);
    return 1;
}

/* For dl_iterate_phdr, where the caller lies in no object. */
static int visit_anything(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)info, (void)size;
    look_everywhere(object_first(), arg);
    return 1;
}

/* The function NAME of the run-time of CALLER. */
static struct search find(const char *name, const void *caller)
{
    typedef int iterate(int (*)(struct dl_phdr_info *, size_t, void *), void *);
    iterate *each = (iterate *)libc_symbol("dl_iterate_phdr");
    struct search s = {.name = name, .caller = caller};
    if (each && !each(visit, &s))
        each(visit_anything, &s);
    return s;
}

void *cxx_of_program(const char *name)
{
    return find(name, NULL).function;
}

void *cxx_new_failed(size_t size, const void *caller)
{
    new_function *function = (new_function *)find("_Znwm", caller).function;
    if (!function)
        fault_report(FAULT_NO_CXX, "operator new", caller);
    return function(size);
}

void *cxx_new_aligned_failed(size_t size, size_t align, const void *caller)
{
    new_aligned_function *function = (new_aligned_function *)find("_ZnwmSt11align_val_t", caller).function;
    if (!function)
        fault_report(FAULT_NO_CXX, "operator new", caller);
    return function(size, align);
}

/* The run-time's own form calls the one that throws, and catches. Without a handler the answer is known. */
void *cxx_nothrow_failed(const char *name, size_t size, const void *caller)
{
    struct search s = find(name, caller);
    return s.function && s.handler() ? ((nothrow_function *)s.function)(size, "") : NULL;
}

void *cxx_nothrow_aligned_failed(const char *name, size_t size, size_t align, const void *caller)
{
    struct search s = find(name, caller);
    return s.function && s.handler() ? ((nothrow_aligned_function *)s.function)(size, align, "") : NULL;
}

#else

/* Of the Itanium C++ ABI, in every run-time. */
extern void *__cxa_allocate_exception(size_t size);
NORETURN extern void __cxa_throw(void *exception, void *type, void (*destructor)(void *));
extern new_handler _ZSt15get_new_handlerv(void); /* std::get_new_handler() */
extern void _ZNSt9bad_allocD1Ev(void *exception);
extern void *_ZTISt9bad_alloc[], *_ZTVSt9bad_alloc[];

static NORETURN void throw_bad_alloc(void)
{
    void **exception = __cxa_allocate_exception(sizeof *exception);
    *exception = &_ZTVSt9bad_alloc[2]; /* behind the offset and the type stand the functions */
    __cxa_throw(exception, _ZTISt9bad_alloc, _ZNSt9bad_allocD1Ev);
}

void *cxx_new_aligned_failed(size_t size, size_t align, const void *caller)
{
    (void)caller;
    void *p = NULL;
    while (!p) {
        new_handler handler = _ZSt15get_new_handlerv();
        if (!handler)
            throw_bad_alloc();
        handler();
        p = align ? family.aligned_alloc(align, size) : family.malloc(size);
    }
    return p;
}

void *cxx_new_failed(size_t size, const void *caller)
{
    return cxx_new_aligned_failed(size, 0, caller);
}
#endif
