/* SPDX-License-Identifier: MIT */
/* libc.c - the C library's own allocator (floor F1). */
#include "libc.h"

#include <dlfcn.h>

#define WEAK __attribute__((weak))
extern void *__libc_malloc(size_t) WEAK;
extern void *__libc_calloc(size_t, size_t) WEAK;
extern void *__libc_realloc(void *, size_t) WEAK;
extern void *__libc_memalign(size_t, size_t) WEAK;
extern void __libc_free(void *) WEAK;

bool libc_usable(void)
{
    return __libc_malloc && __libc_calloc && __libc_realloc && __libc_memalign && __libc_free;
}

void *libc_malloc(size_t size)
{
    return __libc_malloc(size);
}

void *libc_calloc(size_t count, size_t size)
{
    return __libc_calloc(count, size);
}

void *libc_realloc(void *p, size_t size)
{
    return __libc_realloc(p, size);
}

void *libc_memalign(size_t align, size_t size)
{
    return __libc_memalign(align, size);
}

void libc_free(void *p)
{
    __libc_free(p);
}

void *libc_symbol(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

size_t libc_usable_size(void *p)
{
    size_t (*usable)(void *) = (size_t(*)(void *))libc_symbol("malloc_usable_size");
    return usable ? usable(p) : 0;
}
