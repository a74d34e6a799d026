/* SPDX-License-Identifier: MIT */
/* summary.h - what the allocator did and holds, added up and printed (floor F7). */
#ifndef HAK_SUMMARY_H
#define HAK_SUMMARY_H

#include "../include/hakmem.h"

/* The fields of struct hak_stats by name, in order. */
#define STATS_FIELDS(X)                                                                                      \
    X(allocations)                                                                                           \
    X(frees)                                                                                                 \
    X(cache_hits)                                                                                            \
    X(live_blocks)                                                                                           \
    X(live_bytes)                                                                                            \
    X(cached_bytes)                                                                                          \
    X(slab_bytes)                                                                                            \
    X(span_bytes)                                                                                            \
    X(large_bytes)                                                                                           \
    X(mapped_bytes)                                                                                          \
    X(metadata_bytes)                                                                                        \
    X(retained_bytes)                                                                                        \
    X(purged_bytes)                                                                                          \
    X(stage_partial)                                                                                         \
    X(stage_empty)                                                                                           \
    X(stage_empty_any)                                                                                       \
    X(stage_unused)                                                                                          \
    X(stage_new)                                                                                             \
    X(failures)                                                                                              \
    X(threads)                                                                                               \
    X(large_blocks)

/* Add up the statistics of all floors. */
void summary_get(struct hak_stats *out);

/* "hakmem: pool stages: ..." */
void summary_stages(int fd);
/* pid=N, a line for each field of struct hak_stats, resident_bytes=N, an empty line. */
void summary_block(int fd);

#endif
