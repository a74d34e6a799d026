/* SPDX-License-Identifier: MIT */
/* check.h - what the test programs share: one assertion, names for both ways of linking.
 *
 * With HAK_NAMES (link mode core and the sanitizers) the malloc family is mapped to hak_*, so that
 * one source serves both. Under preload a constructor makes sure that the library is really there. */
#ifndef CHECK_H
#define CHECK_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hakmem.h"

#define CHECK(what)                                                                                          \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            dprintf(2, "%s:%d: failed: %s (errno %d)\n", __FILE__, __LINE__, #what, errno);                  \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)

#define UNUSED __attribute__((unused))

/* Keep the compiler from seeing where a pointer comes from. */
static UNUSED void *hide(const void *pointer)
{
    void *hidden = (void *)pointer;
    __asm__ volatile("" : "+r"(hidden) : : "memory");
    return hidden;
}

/* Announce the pointer that a diagnostic must name (%p in dg-death). */
static UNUSED void *tell(const void *pointer)
{
    dprintf(1, "pointer 0x%lx\n", (unsigned long)pointer);
    return hide(pointer);
}

static UNUSED uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Bytes of this process: field 0 of statm is mapped, 1 resident. Reads without allocating. */
static UNUSED long memory_kib(int field)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY);
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    CHECK(length > 0);
    text[length] = 0;
    char *at = text;
    long value = strtol(at, &at, 10);
    while (field-- > 0)
        value = strtol(at, &at, 10);
    return value * (sysconf(_SC_PAGESIZE) / 1024);
}

static UNUSED long resident_kib(void)
{
    return memory_kib(1);
}

#ifdef HAK_NAMES
#define malloc hak_malloc
#define calloc hak_calloc
#define realloc hak_realloc
#define free hak_free
#define memalign hak_memalign
#define malloc_usable_size hak_usable_size
#define malloc_trim hak_trim
#define heap_check() hak_check()
#define heap_stats(out) hak_stats_get((out), sizeof *(out))
#define heap_owns(p) hak_owns(p)
#elif defined HAK_LINKED
#define heap_check() hak_check()
#define heap_stats(out) hak_stats_get((out), sizeof *(out))
#define heap_owns(p) hak_owns(p)
#else
/* The hak_ functions by name: a preloaded program is not linked with them. */
static UNUSED void *hak_symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

static UNUSED int heap_check(void)
{
    int (*check)(void) = (int (*)(void))hak_symbol("hak_check");
    return check ? check() : 0;
}

static UNUSED int heap_stats(struct hak_stats *out)
{
    int (*get)(struct hak_stats *, size_t) = (int (*)(struct hak_stats *, size_t))hak_symbol("hak_stats_get");
    memset(out, 0, sizeof *out);
    return get ? get(out, sizeof *out) : -1;
}

static UNUSED int heap_owns(const void *pointer)
{
    int (*owns)(const void *) = (int (*)(const void *))hak_symbol("hak_owns");
    return owns ? owns(pointer) : -1;
}

static UNUSED __attribute__((constructor)) void check_preloaded(void)
{
    const char *link = getenv("HAK_TEST_LINK");
    if (link && strcmp(link, "preload") == 0)
        CHECK(hak_symbol("hak_version"));
}
#endif

#endif
