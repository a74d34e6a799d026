/* SPDX-License-Identifier: MIT */
/* hakmem.h - public interface of libhakmem, beyond the malloc family it interposes.
 *
 * Every function is safe to call from any thread at any time unless its comment says otherwise.
 * None of them changes errno on success. Sizes are in bytes. */
#ifndef HAKMEM_H
#define HAKMEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HAK_EXPORT __attribute__((visibility("default")))
#else
#define HAK_EXPORT
#endif

/* The version of the library that is running, as "MAJOR.MINOR.PATCH". Never NULL. */
HAK_EXPORT const char *hak_version(void);

/* --- Allocation ---------------------------------------------------------------------------------
 * The malloc family under names of its own. Blocks of both may be mixed freely when the library is
 * linked or preloaded. Without interposition only hak_free() may release what these return.
 * Blocks are aligned to 16 bytes. NULL with errno ENOMEM means that no memory could be had. */

HAK_EXPORT void *hak_malloc(size_t size);
HAK_EXPORT void *hak_calloc(size_t count, size_t size);
HAK_EXPORT void *hak_realloc(void *block, size_t size);
HAK_EXPORT void hak_free(void *block);

/* ALIGNMENT is rounded up to a power of two as memalign(3) does in glibc; EINVAL where there is none. */
HAK_EXPORT void *hak_memalign(size_t alignment, size_t size);

/* The number of bytes that may be used at BLOCK: at least what was asked for. 0 for NULL. */
HAK_EXPORT size_t hak_usable_size(const void *block);

/* 1 if ADDRESS lies in a granule (64 KiB) that this allocator handed out blocks from, else 0.
 * Any address may be asked about; its memory is not touched. */
HAK_EXPORT int hak_owns(const void *address);

/* --- Memory -------------------------------------------------------------------------------------*/

/* Return free memory to the system: EMPTY slabs, cached large mappings, and the free pages of
 * partial slabs. PAD bytes of EMPTY slabs are kept. The calling thread's cache is flushed first.
 * Returns 1 if anything was returned, else 0. */
HAK_EXPORT int hak_trim(size_t pad);

/* Check every structure of the heap against its invariants. Returns the number of faults found
 * (0 = sound) and writes one line for each of the first ten to standard error.
 * Takes all locks in turn: meant for tests and debugging. */
HAK_EXPORT int hak_check(void);

/* --- Insight ------------------------------------------------------------------------------------*/

/* What the allocator did and holds. Fields are only ever added at the end. */
struct hak_stats {
    uint64_t allocations;     /* blocks handed out since start, all sizes */
    uint64_t frees;           /* blocks given back since start */
    uint64_t cache_hits;      /* allocations served by a thread cache alone */
    uint64_t live_blocks;     /* handed out and not given back */
    uint64_t live_bytes;      /* the same in bytes of usable size */
    uint64_t cached_bytes;    /* free blocks in thread caches and transfer slots */
    uint64_t slab_bytes;      /* ACTIVE and EMPTY slabs */
    uint64_t span_bytes;      /* live spans */
    uint64_t large_bytes;     /* live large mappings */
    uint64_t mapped_bytes;    /* address space obtained from the system, metadata included */
    uint64_t metadata_bytes;  /* the part of mapped_bytes that is descriptors */
    uint64_t retained_bytes;  /* EMPTY slabs and cached large mappings, not yet purged */
    uint64_t purged_bytes;    /* given back to the system since start */
    uint64_t stage_partial;   /* pool: slabs taken from a partial list */
    uint64_t stage_empty;     /* pool: EMPTY slab, same class */
    uint64_t stage_empty_any; /* pool: EMPTY slab, any class */
    uint64_t stage_unused;    /* pool: UNUSED slab of a mapped superslab */
    uint64_t stage_new;       /* pool: new superslab */
    uint64_t failures;        /* allocations that returned NULL */
    uint64_t threads;         /* thread caches in use */
    uint64_t large_blocks;    /* live large mappings, their number */
};

/* Fill *OUT, of which the caller's version is SIZE bytes long (sizeof *OUT). Returns 0, or -1 with
 * errno EINVAL if OUT is NULL or SIZE is 0. Counts of other threads may lag by a few operations. */
HAK_EXPORT int hak_stats_get(struct hak_stats *out, size_t size);

/* Why the last allocation of the process failed. */
enum hak_reason {
    HAK_REASON_NONE = 0,
    HAK_REASON_THRESHOLD = 1,  /* the size can never be served: above PTRDIFF_MAX or overflow */
    HAK_REASON_EXHAUSTION = 2, /* the pool is empty and may not grow */
    HAK_REASON_MAPFAIL = 3     /* the system refused a mapping */
};

struct hak_failure {
    size_t size; /* bytes asked for */
    enum hak_reason reason;
    int size_class;          /* class index, or -1 for a span or large request */
    int saved_errno;         /* errno of the system call, or 0 */
    const char *system_call; /* "mmap", ... or "none" */
};

/* Copy the most recent failure to *OUT. Returns 1, or 0 if nothing has failed yet. */
HAK_EXPORT int hak_last_failure(struct hak_failure *out);

#ifdef __cplusplus
}
#endif
#endif
