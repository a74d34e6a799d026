/* SPDX-License-Identifier: MIT */
/* insight/profile.h - the sampled allocations as a file that pprof and "hakmem profile" read. */
#ifndef HAK_PROFILE_H
#define HAK_PROFILE_H

#include "base/compiler.h"

/* Write what was sampled since sampling began to PATH, in which %p is the number of the process, in place of
 * what is there. 0, or an errno; ENODATA: nothing was ever sampled. No lock held. */
int profile_write(const char *path);

/* The same at the end of the process, where HAKMEM_PROFILE asks for it; a line says what failed. */
void profile_at_exit(void);

#endif
