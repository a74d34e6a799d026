/* SPDX-License-Identifier: MIT */
/* fork.h - fork while other threads allocate (floor F8). */
#ifndef HAK_FORK_H
#define HAK_FORK_H

/* Register the handlers; once. */
void fork_init(void);

/* init.c: nobody is in the middle of the start. */
void start_lock_for_fork(void);
void start_unlock_after_fork(void);

#endif
