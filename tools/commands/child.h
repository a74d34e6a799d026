/* SPDX-License-Identifier: MIT */
/* commands/child.h - the command of hakmem run. */
#ifndef HAK_TOOL_CHILD_H
#define HAK_TOOL_CHILD_H

/* Become ARGV; returns after an error only: the exit status. */
int child_exec(char **argv);

/* Run ARGV, pass signals on, say on standard error what the allocator did, and end as it ended. */
int child_with_summary(char **argv);

/* Run ARGV, pass signals on, and wait: its status as waitpid(2) has it, and its ID in *PID; -1 after an error. */
int child_wait(char **argv, int *pid);

/* The exit status that STATUS stands for; where the child died of a signal, this process does, too. */
int child_end_like(int status);

#endif
