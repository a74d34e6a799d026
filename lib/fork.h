/* SPDX-License-Identifier: MIT */
/* fork.h - fork while other threads allocate (floor F8). */
#ifndef HAK_FORK_H
#define HAK_FORK_H

/* Register the handlers. Once, at start. */
void fork_init(void);

#endif
