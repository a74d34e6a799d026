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

/* What a compiler may know of a function. SIZED: the result, which must not be lost, has as many bytes as
 * the product of these arguments; ALIGNED: it has the alignment of this one; FRESH: nothing else points to
 * it. UNREAD: what the first argument points to is not looked at. */
#if defined(__GNUC__)
#define HAK_SIZED(...) __attribute__((warn_unused_result, alloc_size(__VA_ARGS__)))
#define HAK_ALIGNED(n) __attribute__((alloc_align(n)))
#define HAK_FRESH __attribute__((malloc))
#else
#define HAK_SIZED(...)
#define HAK_ALIGNED(n)
#define HAK_FRESH
#endif
#if defined(__GNUC__) && __GNUC__ >= 11 && !defined(__clang__) && !defined(HAK_UNREAD)
#define HAK_UNREAD __attribute__((access(none, 1)))
#elif !defined(HAK_UNREAD)
#define HAK_UNREAD
#endif

/* The version of the library that is running, as "MAJOR.MINOR.PATCH". Never NULL. */
HAK_EXPORT const char *hak_version(void);

/* --- Allocation ---------------------------------------------------------------------------------
 * The malloc family under names of its own. Blocks of both may be mixed freely when the library is
 * linked or preloaded. Without interposition only hak_free() may release what these return.
 * Blocks are aligned to 16 bytes. NULL with errno ENOMEM means that no memory could be had. */

HAK_EXPORT HAK_FRESH HAK_SIZED(1) void *hak_malloc(size_t size);
HAK_EXPORT HAK_FRESH HAK_SIZED(1, 2) void *hak_calloc(size_t count, size_t size);
HAK_EXPORT HAK_SIZED(2) void *hak_realloc(void *block, size_t size);
HAK_EXPORT void hak_free(void *block);

/* ALIGNMENT is rounded up to a power of two as memalign(3) does in glibc; EINVAL where there is none. */
HAK_EXPORT HAK_FRESH HAK_SIZED(2) HAK_ALIGNED(1) void *hak_memalign(size_t alignment, size_t size);

/* The number of bytes that may be used at BLOCK: at least what was asked for. 0 for NULL. */
HAK_EXPORT HAK_UNREAD size_t hak_usable_size(const void *block);

/* 1 if ADDRESS lies in a granule (64 KiB) that this allocator handed out blocks from, else 0.
 * Any address may be asked about; its memory is not touched. */
HAK_EXPORT HAK_UNREAD int hak_owns(const void *address);

/* --- Memory -------------------------------------------------------------------------------------*/

/* Return free memory to the system: EMPTY slabs, cached large mappings, and the free pages of
 * partial slabs. PAD bytes of EMPTY slabs are kept. The calling thread's cache is flushed first.
 * Returns 1 if anything was returned, else 0. */
HAK_EXPORT int hak_trim(size_t pad);

/* Return everything that is free to the system, now. Returns the bytes that were returned. */
HAK_EXPORT size_t hak_purge(void);

/* The size class that serves SIZE bytes: 1 and up; -1 above 32 KiB, where there is none. */
HAK_EXPORT int hak_class_of(size_t size);

/* Make COUNT slabs of 64 KiB resident for the next uses of SIZE_CLASS. Returns how many could be made,
 * or -1 with errno EINVAL if there is no such class. */
HAK_EXPORT int hak_ss_prewarm_class(int size_class, unsigned count);

/* Beyond SLABS slabs, SIZE_CLASS caches little; 0 sets no cap. No allocation fails for it. Returns 0, or -1
 * with errno EINVAL if there is no such class. */
HAK_EXPORT int hak_policy_set_cap(int size_class, size_t slabs);

/* Check every structure of the heap against its invariants. Returns the number of faults found
 * (0 = sound) and writes one line for each of the first ten to standard error.
 * Takes all locks in turn: meant for tests and debugging. */
HAK_EXPORT int hak_check(void);

/* Call EACH with ARG for every live block: its address and usable size. Stops where EACH returns anything
 * but 0, and returns that; 0 behind the last block; -1 with errno EINVAL if EACH is NULL. No lock is held
 * during the call: EACH may allocate and free. */
HAK_EXPORT int hak_walk(int (*each)(void *block, size_t size, void *arg), void *arg);

/* --- Heap profiles ------------------------------------------------------------------------------*/

/* Sample allocations from now on, one in MEAN bytes on the average (0: as HAKMEM_SAMPLE_BYTES says), and
 * forget what was sampled before. Returns 0; or -1 with errno EBUSY if allocations are sampled already,
 * ENOMEM if there is no memory for the records, ENOTSUP if another allocator serves the process, EAGAIN
 * during a fork. */
HAK_EXPORT int hak_profile_start(size_t mean);

/* End it. What was sampled is kept until the next beginning. Returns 0, or -1 with errno EINVAL if
 * allocations were not sampled, EAGAIN during a fork. */
HAK_EXPORT int hak_profile_stop(void);

/* Write what was sampled to the file PATH, which pprof(1) and hakmem-profile(1) read, in place of what it
 * holds; %p in PATH is the number of the process. Returns 0, or -1 with errno set: ENODATA if nothing was
 * ever sampled, or as open(2) and write(2) set it. */
HAK_EXPORT int hak_profile_dump(const char *path);

/* --- Insight ------------------------------------------------------------------------------------*/

/* What the allocator did and holds. Fields are only ever added at the end. */
struct hak_stats {
    uint64_t size;                    /* bytes of this structure that were filled */
    uint64_t version;                 /* HAK_STATS_VERSION of the library that filled it */
    uint64_t allocations;             /* blocks handed out since start, all sizes */
    uint64_t frees;                   /* blocks given back since start */
    uint64_t cache_hits;              /* allocations served by a thread cache alone */
    uint64_t live_blocks;             /* handed out and not given back */
    uint64_t live_bytes;              /* the same in bytes of usable size */
    uint64_t cached_bytes;            /* free blocks in thread caches and transfer slots */
    uint64_t slab_bytes;              /* ACTIVE and EMPTY slabs */
    uint64_t span_bytes;              /* live spans, blocks of strips */
    uint64_t large_bytes;             /* live large mappings */
    uint64_t mapped_bytes;            /* address space obtained from the system, metadata included */
    uint64_t metadata_bytes;          /* the part of mapped_bytes that is descriptors */
    uint64_t retained_bytes;          /* EMPTY slabs and cached large mappings, not yet purged */
    uint64_t purged_bytes;            /* given back to the system since start */
    uint64_t stage_partial;           /* pool: slabs taken from a partial list */
    uint64_t stage_empty;             /* pool: EMPTY slab, same class */
    uint64_t stage_empty_any;         /* pool: EMPTY slab, any class */
    uint64_t stage_unused;            /* pool: UNUSED slab of a mapped superslab */
    uint64_t stage_new;               /* pool: new superslab */
    uint64_t failures;                /* allocations that returned NULL */
    uint64_t threads;                 /* thread caches in use */
    uint64_t large_blocks;            /* live large mappings, their number */
    uint64_t cached_blocks;           /* free blocks in thread caches and transfer slots, their number */
    uint64_t free_blocks;             /* free blocks in slabs, their number */
    uint64_t free_bytes;              /* the same in bytes */
    uint64_t empty_bytes;             /* EMPTY slabs */
    uint64_t shelved_bytes;           /* spans that threads keep for reuse */
    uint64_t large_cached_bytes;      /* freed large mappings kept for reuse */
    uint64_t large_reused;            /* large mappings served by one that was kept */
    uint64_t superslabs;              /* superslabs mapped, their number */
    uint64_t superslabs_peak;         /* the most there ever were */
    uint64_t in_use_peak_bytes;       /* the most that ACTIVE slabs, spans and live large mappings came to */
    uint64_t lost_bytes;              /* mappings that the system refused to take back */
    uint64_t resident_bytes;          /* memory of all this that is resident: the sum of the six below */
    uint64_t resident_live_bytes;     /* resident: blocks, spans and large mappings in use */
    uint64_t resident_cached_bytes;   /* resident: blocks in thread caches and transfer slots, kept spans */
    uint64_t resident_free_bytes;     /* resident: free blocks in slabs */
    uint64_t resident_retained_bytes; /* resident: EMPTY slabs and cached large mappings */
    uint64_t resident_metadata_bytes; /* resident: descriptors */
    uint64_t fragmentation_bytes;     /* resident: no block, but ends of slabs and of pages */
    uint64_t soft_limit_bytes;        /* near this much in use nothing is kept for reuse; 0: no limit */
    uint64_t pressure_some;           /* returns of what was kept, as tasks waited for memory */
    uint64_t pressure_full;           /* returns of what was cached, too, as all tasks waited */
    uint64_t pressure_bytes;          /* what came back by these */
    uint64_t sleepers;                /* caches of sleeping threads that the helper emptied */
    uint64_t sleeper_bytes;           /* free blocks that lay in them */
};
#define HAK_STATS_VERSION 1

/* Fill *OUT, of which the caller's version is SIZE bytes long (sizeof *OUT). Returns 0, or -1 with
 * errno EINVAL if OUT is NULL or SIZE is 0. Counts of other threads may lag by a few operations. The kernel
 * is asked which pages are resident, unless SIZE ends before those fields. */
HAK_EXPORT int hak_stats_get(struct hak_stats *out, size_t size);

enum hak_format {
    HAK_TEXT = 0,       /* for people, on 80 columns */
    HAK_JSON = 1,       /* one object */
    HAK_OPENMETRICS = 2 /* for Prometheus and its kin */
};

/* Write statistics to the file descriptor FD. Allocates nothing. Returns 0, or -1 with errno EINVAL if
 * there is no such format, or errno of the write that failed. */
HAK_EXPORT int hak_stats_print(int fd, enum hak_format format);

/* Read the value of NAME to *OLD_VALUE and then set it to *NEW_VALUE; either may be NULL, not both.
 * Returns 0, or -1 with errno ENOENT (no such name), EPERM (it cannot be set), EINVAL (it cannot have
 * that value, or both are NULL). */
HAK_EXPORT int hak_ctl(const char *name, uint64_t *old_value, const uint64_t *new_value);

/* Name number INDEX of those that hak_ctl knows; NULL behind the last. Valid for ever. */
HAK_EXPORT const char *hak_ctl_name(size_t index);

/* Why an allocation failed. */
enum hak_reason {
    HAK_REASON_NONE = 0,
    HAK_REASON_THRESHOLD = 1,  /* the size can never be served: above PTRDIFF_MAX or overflow */
    HAK_REASON_EXHAUSTION = 2, /* the pool is empty and may not grow */
    HAK_REASON_MAPFAIL = 3     /* the system refused a mapping */
};

/* Fields are only ever added at the end. The last six tell of the process when the failure is asked about,
 * or, with HAKMEM_ACE_TRACE=1, when it happened; all are 0 where that is not known. */
struct hak_error {
    uint64_t number;         /* 0 is the first failure of the process */
    uint64_t time_ns;        /* when: nanoseconds since 1970, good to a few milliseconds */
    uint64_t thread;         /* the thread, by its pthread_self(3) */
    int64_t thread_id;       /* the thread, by its gettid(2), or 0 where that is not known */
    uint64_t bytes;          /* bytes asked for; UINT64_MAX where their number overflowed */
    uint64_t alignment;      /* alignment asked for, 16 at least */
    uint64_t reason;         /* one of enum hak_reason */
    int64_t size_class;      /* class index, or -1 for a span or large request */
    int64_t saved_errno;     /* error number of the system call, or 0 */
    const char *system_call; /* "mmap", ... or "none" */
    uint64_t mapped_bytes;   /* address space that the library held */
    uint64_t mappings;       /* number of mappings that was in */
    uint64_t address_space;  /* address space of the process, bytes */
    uint64_t address_limit;  /* RLIMIT_AS; UINT64_MAX: none */
    uint64_t data_limit;     /* RLIMIT_DATA; UINT64_MAX: none */
    uint64_t maps;           /* mappings of the process */
    uint64_t maps_limit;     /* vm.max_map_count */
    int64_t overcommit;      /* vm.overcommit_memory: 0, 1 or 2; -1 where it is not known */
};

/* Copy the most recent failure of the process to *OUT, of which the caller's version is SIZE bytes long.
 * Returns 1, 0 if nothing has failed yet, or -1 with errno EINVAL if OUT is NULL or SIZE is 0. */
HAK_EXPORT int hak_last_error(struct hak_error *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
