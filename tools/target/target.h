/* SPDX-License-Identifier: MIT */
/* target/target.h - a running process with the library, read from outside.
 *
 * Nothing is asked of the process and nothing of it is changed, but by purge and profile: process_vm_readv copies its
 * memory while it runs. What is read may be in the middle of a change, or damaged: addresses are checked
 * against the kernel's list of mappings, walks of lists are bounded, and numbers are cut to what is possible.
 * Pages that do not exist (/proc/PID/pagemap tells) read as zero without being asked for, so that looking
 * makes no page. */
#ifndef HAK_TOOL_TARGET_H
#define HAK_TOOL_TARGET_H

#include "common/proc.h"

enum row {
#define ROW(id, name) ROW_##id,
#include "target/rows.def"
#undef ROW
    ROWS
};

struct target {
    struct process process;
    struct vmas maps;
    int pagemap;
    size_t page;
    uint64_t layout;    /* address of hak_layout; 0: none */
    char version[24];   /* of the library */
    char library[4096]; /* file that holds it, without " (deleted)" */
    bool deleted;
    uint64_t row[ROWS];
    bool gone;     /* it ended while it was read */
    bool refused;  /* the kernel does not let this user read it */
    char why[512]; /* what is wrong, for an error */
};

/* Open process PID for reading, with SMAPS if sizes are wanted. False, with `why`. */
bool target_open(struct target *t, int pid, bool smaps);

/* And find the library in it, with all rows. False, with `why`. */
bool target_attach(struct target *t, int pid, bool smaps);
void target_close(struct target *t);

/* Find the library in an open target. False if it is not there, or cannot be understood: `why`. */
bool target_find(struct target *t);

/* Copy SIZE bytes of the process. Where a page does not exist it is zero. False if refused. */
bool target_read(struct target *t, uint64_t address, void *out, size_t size);
/* The same, for pages of files: whatever is there, the process's or the file's. */
bool target_read_file(struct target *t, uint64_t address, void *out, size_t size);

/* Write SIZE bytes into the process, where its memory may be written. False if refused, with errno. What is
 * written so, and by whom it is read, say lib/adapt/request.h and lib/events/samples.h. */
bool target_write(struct target *t, uint64_t address, const void *value, size_t size);

/* A string, cut to SIZE - 1 bytes. "" if there is none. */
void target_text(struct target *t, uint64_t address, char *out, size_t size);

/* Rows are addresses and constants. */
static inline uint64_t at(const struct target *t, enum row row)
{
    return t->row[row];
}

/* The word, and the half of one, at ADDRESS in the process; 0 if it cannot be read. */
uint64_t word_at(struct target *t, uint64_t address);
uint32_t half_at(struct target *t, uint64_t address);

/* Which pages of [start, start + pages * page) are resident and not the page of zeros that all processes
 * share: EACH page a byte 0 or 1. Returns their number. */
size_t target_resident(struct target *t, uint64_t start, size_t pages, uint8_t *each);
/* Resident bytes of [start, end). */
uint64_t target_resident_bytes(struct target *t, uint64_t start, uint64_t end);

#endif
