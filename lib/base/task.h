/* SPDX-License-Identifier: MIT */
/* base/task.h - what the helper thread alone asks of the system (adapt/helper.c).
 *
 * As os.h: no errno is touched. A program that is not to have a helper makes none of these calls: a filter of
 * seccomp(2) may end it for them. */
#ifndef HAK_TASK_H
#define HAK_TASK_H

#include "base/atomic.h"

/* A thread that the C library does not know: __libc_single_threaded stays as it is, and the program pays for
 * no atomics, of ours or of its own. It has no stack of pthread's, no rseq, no cancellation, no place in
 * what setuid(2) tells the other threads, and must call nothing of the C library but memcpy and the like. It
 * shares everything with the program and blocks all signals. One at a time: false if the last one has not
 * ended yet, if the system refuses, or where this is not known to work (other machines, sanitizers). WORK is
 * called once. */
bool task_start(void (*work)(void));
/* In the child of fork: there is none. */
void task_forked(void);

/* The calling thread: leave the program's descriptors alone. Its table is its own and empty from now on, so
 * what it opens is not in the way of a program that closes all or counts on the lowest number. False if
 * refused: then it may open nothing. */
bool task_own_descriptors(void);
void task_name(const char *name);

/* A full barrier of every thread of the process that is running: membarrier(2). False if it may not. */
bool task_barrier_begin(void);
bool task_barrier(void);

/* What the system says of a process or a thread: numbers of /proc/PID/status. False if it does not say. */
struct task_status {
    char state;
    uint64_t threads, seccomp, filters, capabilities;
    uint64_t switches; /* how often it was switched out */
    bool one_identity; /* real, effective, saved and file-system identities are the same, user and group */
};
bool task_status(const char *path, struct task_status *out);
/* The same of a file that is open, as it is now. */
bool task_status_again(int fd, struct task_status *out);

#endif
