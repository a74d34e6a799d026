/* SPDX-License-Identifier: MIT */
/* base/cgroup.h - the control group of the process: where its files are, and the limits of its memory.
 *
 * Both kinds of the kernel's groups, where they are mounted by convention: /sys/fs/cgroup, and for the first
 * kind /sys/fs/cgroup/memory. A container may see the tree from its own group down, under a path that begins
 * above it: what is not there is skipped, so that the group at the top is still found.
 *
 * Nothing is remembered, and all of it opens files: only used on request, and by the helper. What is absent,
 * cut off or makes no sense is as if nothing had been said. */
#ifndef HAK_CGROUP_H
#define HAK_CGROUP_H

#include "base/compiler.h"

/* Test seam: in front of all paths. NULL but in tests, which have one thread then. */
extern HIDDEN const char *cgroup_root;

struct cgroup_limits {
    uint64_t max, high; /* bytes: the least of the group's and of those above it; UINT64_MAX: none */
};
void cgroup_limits(struct cgroup_limits *out);

/* A descriptor of the file that tells how long the tasks of the group, or else of the machine, have waited
 * for memory; -1 if there is none. */
int cgroup_open_pressure(void);

/* Microseconds since start: some, and all of the tasks waited. False if FD does not tell. */
struct cgroup_stall {
    uint64_t some, full;
};
bool cgroup_stall(int fd, struct cgroup_stall *out);

#endif
