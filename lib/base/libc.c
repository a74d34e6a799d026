/* SPDX-License-Identifier: MIT */
/* base/libc.c - the C library's own allocator. */
#include "base/libc.h"

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

#include "base/atomic.h"
#include "base/object.h"
#include "base/os.h"

/* Weak: a static program has none, and then no passive mode. Asked only where the loader's list is not found,
 * as in a name space of dlmopen(3). */
extern void *dlsym(void *, const char *) __attribute__((weak));

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*memalign)(size_t, size_t);
    void (*free)(void *);
    size_t (*usable_size)(void *);
} libc; /* fixed after libc_find; of several threads each finds the same */

static _Atomic(bool) known; /* release: after the above */

static void *by_loader(const char *name)
{
    return dlsym ? dlsym(RTLD_NEXT, name) : NULL;
}

void *libc_symbol(const char *name)
{
    const struct link_map *map = object_libc();
    return map ? object_function(map, name) : by_loader(name);
}

void *libc_next_symbol(const char *name)
{
    return object_own() ? object_next_function(name) : by_loader(name);
}

/* The clock of its CPU time has the number in its name, which is the kernel's. */
NOINLINE uint32_t libc_tid(void)
{
    typedef __typeof__(pthread_getcpuclockid) function;
    static _Atomic(function *) found; /* the same whoever finds it */
    enum { TID_SHIFT = 3 };
    clockid_t clock;
    function *f = load_relaxed(&found);
    if (!f && object_libc())
        store_relaxed(&found, f = (function *)libc_symbol("pthread_getcpuclockid"));
    return f && f((pthread_t)os_thread(), &clock) == 0 ? ~(uint32_t)(clock >> TID_SHIFT) : 0;
}

/* ISO C has no conversion from an object pointer to a function; POSIX promises this one. */
#define FIND(field, name) (*(void **)&libc.field = libc_symbol(name))

bool libc_known(void)
{
    return load_acquire(&known);
}

bool libc_find(void)
{
    if (libc_known())
        return true;
    FIND(malloc, "__libc_malloc");
    FIND(calloc, "__libc_calloc");
    FIND(realloc, "__libc_realloc");
    FIND(memalign, "__libc_memalign");
    FIND(free, "__libc_free");
    FIND(usable_size, "malloc_usable_size"); /* now: deepbind.c points the name at ours */
    bool found = libc.malloc && libc.calloc && libc.realloc && libc.memalign && libc.free;
    store_release(&known, found);
    return found;
}

void *libc_malloc(size_t size)
{
    return libc.malloc(size);
}

void *libc_calloc(size_t count, size_t size)
{
    return libc.calloc(count, size);
}

void *libc_realloc(void *p, size_t size)
{
    return libc.realloc(p, size);
}

void *libc_memalign(size_t align, size_t size)
{
    return libc.memalign(align, size);
}

void libc_free(void *p)
{
    libc.free(p);
}

size_t libc_usable_size(void *p)
{
    return libc.usable_size ? libc.usable_size(p) : 0;
}
