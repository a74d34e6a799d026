/* SPDX-License-Identifier: MIT */
/* common/proc.h - what the kernel tells of a process: /proc/PID. */
#ifndef HAK_TOOL_PROC_H
#define HAK_TOOL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    int pid;
    char name[64]; /* comm, printable */
    char state;    /* R, S, D, Z, ... */
    bool kernel;   /* a kernel thread */
    uint64_t threads;
    uint64_t start; /* in clock ticks since the machine's */
    uid_t user;
};

/* False, with errno, if there is no such process. */
bool proc_read(struct process *p, int pid);

/* A mapping, as /proc/PID/smaps has it. */
struct vma {
    uint64_t start, end, offset, inode;
    char perms[5];
    const char *path; /* "" for anonymous memory */
    uint64_t rss;     /* of smaps */
};

struct vmas {
    struct vma *vma;
    size_t count;
    char *text; /* paths point into it */
};

/* Read /proc/PID/maps, or smaps, which is slower and knows rss. False with errno if refused. */
bool proc_maps(struct vmas *out, int pid, bool smaps);
/* The mappings that TEXT, allocated, tells of: a copy of such a file. */
void proc_maps_parse(struct vmas *out, char *text);
void proc_maps_free(struct vmas *v);

/* The mapping that holds ADDRESS, or NULL. */
const struct vma *proc_find(const struct vmas *v, uint64_t address);

/* Rss of /proc/PID/smaps_rollup in bytes; 0 if it cannot be read. */
uint64_t proc_resident(int pid);

/* Rss of /proc/PID/statm: cheaper, may lag behind. */
uint64_t proc_resident_fast(int pid);

/* Text of a file with a 0 behind it, or NULL with errno. */
char *proc_text(const char *path, size_t *size);

#endif
