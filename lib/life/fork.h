/* SPDX-License-Identifier: MIT */
/* life/fork.h - fork while other threads allocate. */
#ifndef HAK_FORK_H
#define HAK_FORK_H

/* Register the handlers; once. */
void fork_init(void);

/* init.c: what is decided once in a process. */
void start_take_lock(void);
void start_give_lock(void);

#endif
