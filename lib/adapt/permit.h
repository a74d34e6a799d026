/* SPDX-License-Identifier: MIT */
/* adapt/permit.h - may this process have a helper thread, and which kind?
 *
 * The rule of HAKMEM_ACE_THREAD=2, the default: a helper is started only where nothing that the program can
 * do, and nobody who watches it, comes out differently for that. HACKING.md has it in words. */
#ifndef HAK_PERMIT_H
#define HAK_PERMIT_H

#include "base/compiler.h"

enum permit {
    PERMIT_NONE,   /* not now */
    PERMIT_NEVER,  /* nor later */
    PERMIT_TASK,   /* one that the C library does not know (task.h): the program has one thread */
    PERMIT_THREAD, /* one of pthread_create: it has several */
};

/* May open and read files of /proc. Called by a thread of the program that holds no lock; THREADS have a
 * cache. */
enum permit permit_ask(size_t threads);

/* How many filters of seccomp(2) there were then; 0 where it was not asked. */
uint64_t permit_filters(void);

#endif
