/* SPDX-License-Identifier: MIT */
/* insight/summary.h - what the allocator did and holds, added up and printed. */
#ifndef HAK_SUMMARY_H
#define HAK_SUMMARY_H

#include "hakmem.h"
#include "base/sizeclass.h"

/* The fields of struct hak_stats behind the first two, in order: name, COUNTER (only ever rises) or GAUGE,
 * BYTES or NUMBER, and the words of hakmem.h. Everything that prints or reads statistics by name is made from
 * it. */
#define STATS_FIELDS(X)                                                                                      \
    X(allocations, COUNTER, NUMBER, "blocks handed out since start, all sizes")                              \
    X(frees, COUNTER, NUMBER, "blocks given back since start")                                               \
    X(cache_hits, COUNTER, NUMBER, "allocations served by a thread cache alone")                             \
    X(live_blocks, GAUGE, NUMBER, "handed out and not given back")                                           \
    X(live_bytes, GAUGE, BYTES, "the same in bytes of usable size")                                          \
    X(cached_bytes, GAUGE, BYTES, "free blocks in thread caches and transfer slots")                         \
    X(slab_bytes, GAUGE, BYTES, "ACTIVE and EMPTY slabs")                                                    \
    X(span_bytes, GAUGE, BYTES, "live spans")                                                                \
    X(large_bytes, GAUGE, BYTES, "live large mappings")                                                      \
    X(mapped_bytes, GAUGE, BYTES, "address space obtained from the system, metadata included")               \
    X(metadata_bytes, GAUGE, BYTES, "the part of mapped_bytes that is descriptors")                          \
    X(retained_bytes, GAUGE, BYTES, "EMPTY slabs and cached large mappings, not yet purged")                 \
    X(purged_bytes, COUNTER, BYTES, "given back to the system since start")                                  \
    X(stage_partial, COUNTER, NUMBER, "pool: slabs taken from a partial list")                               \
    X(stage_empty, COUNTER, NUMBER, "pool: EMPTY slab, same class")                                          \
    X(stage_empty_any, COUNTER, NUMBER, "pool: EMPTY slab, any class")                                       \
    X(stage_unused, COUNTER, NUMBER, "pool: UNUSED slab of a mapped superslab")                              \
    X(stage_new, COUNTER, NUMBER, "pool: new superslab")                                                     \
    X(failures, COUNTER, NUMBER, "allocations that returned NULL")                                           \
    X(threads, GAUGE, NUMBER, "thread caches in use")                                                        \
    X(large_blocks, GAUGE, NUMBER, "live large mappings, their number")                                      \
    X(cached_blocks, GAUGE, NUMBER, "free blocks in thread caches and transfer slots, their number")         \
    X(free_blocks, GAUGE, NUMBER, "free blocks in slabs, their number")                                      \
    X(free_bytes, GAUGE, BYTES, "the same in bytes")                                                         \
    X(empty_bytes, GAUGE, BYTES, "EMPTY slabs")                                                              \
    X(shelved_bytes, GAUGE, BYTES, "spans that threads keep for reuse")                                      \
    X(large_cached_bytes, GAUGE, BYTES, "freed large mappings kept for reuse")                               \
    X(large_reused, COUNTER, NUMBER, "large mappings served by one that was kept")                           \
    X(superslabs, GAUGE, NUMBER, "superslabs mapped, their number")                                          \
    X(superslabs_peak, GAUGE, NUMBER, "the most there ever were")                                            \
    X(in_use_peak_bytes, GAUGE, BYTES, "the most that ACTIVE slabs, spans and live large mappings came to")  \
    X(lost_bytes, COUNTER, BYTES, "mappings that the system refused to take back")                           \
    X(resident_bytes, GAUGE, BYTES, "memory of all this that is resident: the sum of the six below")         \
    X(resident_live_bytes, GAUGE, BYTES, "resident: blocks, spans and large mappings in use")                \
    X(resident_cached_bytes, GAUGE, BYTES,                                                                   \
      "resident: blocks in thread caches and transfer slots, kept spans")                                    \
    X(resident_free_bytes, GAUGE, BYTES, "resident: free blocks in slabs")                                   \
    X(resident_retained_bytes, GAUGE, BYTES, "resident: EMPTY slabs and cached large mappings")              \
    X(resident_metadata_bytes, GAUGE, BYTES, "resident: descriptors")                                        \
    X(fragmentation_bytes, GAUGE, BYTES, "resident: no block, but ends of slabs and of pages")

/* Characters, not pointers: a table that needs no relocation when a process starts. */
struct stats_field {
    char name[24];
    bool counter, bytes;
    char help[94];
};
enum {
#define STATS_NUMBER(name, kind, unit, help) STATS_##name,
    STATS_FIELDS(STATS_NUMBER)
#undef STATS_NUMBER
        STATS_COUNT
};
extern const struct stats_field stats_fields[STATS_COUNT];

static inline uint64_t stats_value(const struct hak_stats *s, unsigned field)
{
    return (&s->version)[1 + field];
}

/* Add up the statistics of all floors, but for what is resident. */
void summary_get(struct hak_stats *out);
/* Ask the kernel for what is resident, too. */
void summary_residency(struct hak_stats *out);

/* Of one class, in blocks but for `slabs`. */
struct summary_class {
    size_t live, cached, free, slabs;
};
/* The same for CLASSES classes at once; 0 is empty. */
void summary_classes(struct summary_class out[CLASSES]);

/* pid=N, program=NAME, a line for each field of struct hak_stats, process_resident_bytes=N, an empty line. */
void summary_block(int fd);

#endif
