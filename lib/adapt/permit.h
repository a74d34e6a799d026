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

/* What stood against it. The hakmem command has words for each. */
enum permit_reason {
    AGAINST_NOTHING,
    /* For good. */
    AGAINST_OPTION, /* HAKMEM_ACE_THREAD */
    AGAINST_SECURE,
    AGAINST_SANITIZER,
    AGAINST_IMPORT,   /* an object imports `name`; NULL: what it imports is not known */
    AGAINST_IDENTITY, /* the process is privileged, and an object imports `name` */
    AGAINST_FILTER,   /* of seccomp(2) */
    AGAINST_UNKNOWN,  /* the system does not tell */
    AGAINST_THREADS,  /* that the C library does not know */
    AGAINST_FORK,     /* in a thread: of this process the child */
    AGAINST_SYSTEM,   /* it refuses the thread, or what that needs */
    /* When it was asked last. */
    AGAINST_VFORK,   /* it was the child */
    AGAINST_LOADING, /* of an object */
    AGAINST_CACHES,  /* too few */
    AGAINST_REASONS
};
struct permit_refusal {
    enum permit_reason reason;
    const char *name; /* one of a table of constants */
};

/* May open and read files of /proc. Called by a thread of the program that holds no lock; THREADS have a
 * cache. */
enum permit permit_ask(size_t threads);

/* What permit_ask found against it; by who has asked, until he asks again. */
struct permit_refusal permit_refusal(void);

/* How many filters of seccomp(2) there were then; 0 where it was not asked. */
uint64_t permit_filters(void);

#endif
