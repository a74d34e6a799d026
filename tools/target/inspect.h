/* SPDX-License-Identifier: MIT */
/* target/inspect.h - what the heap of a target holds, and to whom its resident bytes belong. */
#ifndef HAK_TOOL_INSPECT_H
#define HAK_TOOL_INSPECT_H

#include "heap/mode.h"
#include "insight/statistics.h"
#include "target/target.h"

/* A stretch of memory that is the library's, with its resident bytes. */
struct range {
    uint64_t start, end, resident;
};

struct heap {
    enum heap_mode mode;
    bool mixed;
    const char *mode_name; /* "pool", "passive", "checked", "early" */
    struct census census;  /* ended */
    struct residents residents;
    struct hak_stats stats;
    uint64_t in_use, kept_slabs, kept_large; /* granules and mappings, by the library's own count */
    uint64_t class_locks;                    /* taken for blocks that came from slabs or went there */
    uint64_t caches;                         /* ever made */
    uint64_t large_resident, large_cached, large_cached_resident; /* the number of the kept ones */
    uint64_t damaged;                                             /* structures that made no sense */
    struct range *ranges; /* of the account, ascending after heap_read */
    size_t range_count;
};

/* Look at everything. With RESIDENT also which pages are there. */
void heap_read(struct target *t, struct heap *h, bool resident);
void heap_free(struct heap *h);

/* Spans in use; and bytes in caches of threads, spans too. */
uint64_t heap_spans(const struct heap *h);
uint64_t heap_cached_bytes(const struct heap *h);

/* The resident bytes that are not the heap's. */
enum part {
    PART_PROGRAM,
    PART_LIBRARIES,
    PART_STACKS,
    PART_HEAP_BRK,
    PART_FILES,
    PART_SHARED,
    PART_ANONYMOUS,
    PARTS
};
extern const char *const part_names[PARTS], *const part_words[PARTS];

/* Sort what the mappings of T (with smaps) hold beside the ranges of H into PARTS. */
void parts_read(struct target *t, const struct heap *h, uint64_t parts[PARTS]);

#endif
