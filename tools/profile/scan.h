/* SPDX-License-Identifier: MIT */
/* profile/scan.h - does anything in a process point to these blocks? */
#ifndef HAK_TOOL_SCAN_H
#define HAK_TOOL_SCAN_H

#include "profile/tables.h"

struct wanted {
    uint64_t start, end;
    uint64_t at_ms;
    uint32_t site;
    bool seen; /* something points to it */
};

struct blocks {
    struct wanted *of; /* ascending */
    size_t count;
    uint64_t read; /* bytes of memory that were looked through */
};

/* The sampled blocks of A that were allocated before BEFORE_MS. */
void blocks_take(struct blocks *b, const struct tables *a, uint64_t before_ms);
void blocks_free(struct blocks *b);

/* Look through all memory of T that can be written, but for the library's own data, and set `seen` of the blocks
 * that a word there, but in the block itself, points into. The process is to stand still, or to be looked at twice. */
void blocks_seek(struct blocks *b, struct target *t, const struct tables *a);

/* A register holds VALUE. */
void block_meet(struct blocks *b, uint64_t value);

/* Stop all threads of T (threads.c). False, with `why`: nothing is stopped. They go on if this command ends. */
bool threads_stop(struct target *t);
void threads_continue(void);
/* Mark what registers point to: all of threads that are stopped, else those that the kernel shows of the
 * ones in a system call. */
void threads_look(struct target *t, struct blocks *b);

#endif
