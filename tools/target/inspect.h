/* SPDX-License-Identifier: MIT */
/* target/inspect.h - what the heap of a target holds, and to whom its resident bytes belong. */
#ifndef HAK_TOOL_INSPECT_H
#define HAK_TOOL_INSPECT_H

#include "memory/account.h"
#include "target/target.h"

enum { MOST_CLASSES = 256, MOST_COUNTERS = 128, STATES = 6, MOST_BINNED = 16 };

struct class_sums {
    uint64_t size;   /* of a block */
    uint64_t out;    /* blocks that left the pool: live or cached */
    uint64_t cached; /* blocks in thread caches and transfer slots */
    uint64_t popped; /* blocks handed out so far */
    uint64_t slabs;  /* ACTIVE ones */
    uint64_t carved; /* blocks ever handed out of those */
    uint64_t resident, live_resident;
};

/* Spans of one length that have a bin. */
struct span_sums {
    uint64_t count, used,
        resident;    /* in use or in a bin: their number, bytes asked for, and resident ones of those */
    uint64_t cached; /* the number in bins */
};

/* A stretch of memory that is the library's, with its resident bytes. */
struct range {
    uint64_t start, end, resident;
};

struct heap {
    uint64_t mode;
    bool mixed;
    const char *mode_name; /* "pool", "passive", "checked", "early" */
    unsigned classes;
    struct class_sums class[MOST_CLASSES];
    uint64_t counter[MOST_COUNTERS];
    uint64_t in_use, kept_slabs, kept_large; /* granules and mappings, by the library's own count */
    uint64_t idle_strips;                    /* the part of in_use that is free units of strips */
    uint64_t metadata;                       /* address space */
    uint64_t threads, caches;                /* with a cache now; caches ever made */
    uint64_t popped, misses, shelf_taken;
    uint64_t class_locks; /* taken for blocks that came from slabs or went there */
    uint64_t shelved, shelved_bytes, shelved_resident; /* spans on the shelves of threads */
    uint64_t shelved_used;
    uint64_t lengths;                     /* of spans that have a bin: 1 to so many granules */
    struct span_sums binned[MOST_BINNED]; /* [n]: spans of n + 1 granules */
    uint64_t startup_live, startup_bytes, startup_carved;
    uint64_t superslabs, slabs[STATES], slab_resident[STATES]; /* by state: inspect.c */
    uint64_t spans, span_bytes, span_resident;                 /* with the blocks of strips */
    uint64_t span_used;                                        /* the part of span_bytes that was asked for */
    uint64_t larges, large_bytes, large_resident;
    uint64_t cached_larges, cached_large_bytes, cached_large_resident; /* the parked one too */
    uint64_t thread_cache_bytes; /* descriptors: sizeof tcache * caches */
    uint64_t damaged;            /* structures that made no sense */
    struct account account;      /* resident bytes of all of that */
    struct range *ranges;        /* of the account, ascending after heap_read */
    size_t range_count;
};

/* Look at everything. With RESIDENT also which pages are there. */
void heap_read(struct target *t, struct heap *h, bool resident);
void heap_free(struct heap *h);

/* Blocks of a class with the program; bytes with the program in all. */
uint64_t heap_live(const struct class_sums *c);
uint64_t heap_live_bytes(const struct heap *h);
uint64_t heap_cached_bytes(const struct heap *h);

/* Counter of the row, 0 if the library has no such. */
uint64_t heap_counter(const struct target *t, const struct heap *h, enum row row);

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
