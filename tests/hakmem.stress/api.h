/* SPDX-License-Identifier: MIT */
/* api.h - the allocator under test: hak_* of the core, or malloc as it is interposed (test support).
 *
 * With USE_MALLOC the hak_* functions are looked up at run time; without them the checks that need
 * them are empty. */
#ifndef API_H
#define API_H

#include <hakmem.h>
#include <stdbool.h>

#ifdef USE_MALLOC

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

#define api_malloc malloc
#define api_calloc calloc
#define api_realloc realloc
#define api_free free
#define api_usable_size(p) malloc_usable_size(p)
#define api_trim malloc_trim

/* One of three ways, by the size. */
static inline void *api_memalign(size_t align, size_t size)
{
    void *block = NULL;
    if (size % 3 == 0)
        return memalign(align, size);
    if (size % 3 == 1)
        return aligned_alloc(align, size);
    return posix_memalign(&block, align, size) == 0 ? block : NULL;
}

typedef int check_function(void);
typedef int owns_function(const void *);

static inline bool api_can_check(void)
{
    return dlsym(RTLD_DEFAULT, "hak_check") != NULL;
}

static inline int api_check(void)
{
    check_function *check = (check_function *)dlsym(RTLD_DEFAULT, "hak_check");
    return check ? check() : 0;
}

static inline bool api_owns(const void *block)
{
    static owns_function *_Atomic owns;
    owns_function *f = owns;
    if (!f && !(f = owns = (owns_function *)dlsym(RTLD_DEFAULT, "hak_owns")))
        return false;
    return f(block);
}

/* Threads and stdio allocate too: nothing to compare. */
static inline int64_t api_live_blocks(void)
{
    return 0;
}

#else

#define api_malloc hak_malloc
#define api_calloc hak_calloc
#define api_realloc hak_realloc
#define api_free hak_free
#define api_usable_size hak_usable_size
#define api_memalign hak_memalign
#define api_check hak_check
#define api_owns hak_owns
#define api_trim hak_trim

static inline bool api_can_check(void)
{
    return true;
}

static inline int64_t api_live_blocks(void)
{
    struct hak_stats stats;
    hak_stats_get(&stats, sizeof stats);
    return (int64_t)stats.live_blocks;
}

#endif
#endif
