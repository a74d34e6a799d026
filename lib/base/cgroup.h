/* SPDX-License-Identifier: MIT */
/* base/cgroup.h - the control group of the process: where its files are, and the limits of its memory.
 *
 * Both kinds of the kernel's groups, where they are mounted by convention: /sys/fs/cgroup, and for the first
 * kind /sys/fs/cgroup/memory. A container may see the tree from its own group down, under a path that begins
 * above it: what is not there is skipped, so that the group at the top is still found.
 *
 * Files are opened once, and then only read: a sandbox that a program enters later may end it for openat, but
 * hardly for pread. What is absent, cut off or makes no sense is as if nothing had been said. */
#ifndef HAK_CGROUP_H
#define HAK_CGROUP_H

#include "base/compiler.h"

/* Test seam: in front of all paths. NULL but in tests, which have one thread then. */
extern HIDDEN const char *cgroup_root;

/* The least of the limits of the group and of those above it, in bytes; UINT64_MAX: none. Opens files, at
 * start where an option asks for it, or on request. */
uint64_t cgroup_max(void);

/* What is held open. Of limits there are memory.max and memory.high, which the kernel enforces. */
enum { CGROUP_LIMITS = 32 };
struct cgroup_files {
    int pressure; /* -1: none */
    unsigned limits;
    int limit[CGROUP_LIMITS];
};
void cgroup_open(struct cgroup_files *out);

/* As cgroup_max, of all that is open. */
uint64_t cgroup_least(const struct cgroup_files *files);

/* How long tasks of the group, or else of the machine, have waited for memory, in microseconds since start:
 * some of them, and all. False if the system does not tell. */
struct cgroup_stall {
    uint64_t some, full;
};
bool cgroup_stall(const struct cgroup_files *files, struct cgroup_stall *out);

#endif
