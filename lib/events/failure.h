/* SPDX-License-Identifier: MIT */
/* events/failure.h - why allocations failed: a ring of the last failures. */
#ifndef HAK_FAILURE_H
#define HAK_FAILURE_H

#include "base/compiler.h"

enum failure_reason { FAILURE_NONE, FAILURE_THRESHOLD, FAILURE_EXHAUSTION, FAILURE_MAPFAIL, FAILURE_REASONS };
extern const char *const failure_reason_name[FAILURE_REASONS];

/* The process and what the system allows it. Reading it opens files in /proc, which sandboxes kill
 * for: it is read when somebody asks, and at the failure itself with HAKMEM_ACE_TRACE=1 only. */
struct failure_environment {
    uint64_t known;         /* 0: not read, and the rest is 0 */
    uint64_t address_space; /* bytes */
    uint64_t address_limit; /* RLIMIT_AS; UINT64_MAX: none */
    uint64_t data_limit;    /* RLIMIT_DATA; UINT64_MAX: none */
    uint64_t maps;          /* lines of /proc/self/maps */
    uint64_t maps_limit;    /* vm.max_map_count; 0: unknown */
    int64_t overcommit;     /* vm.overcommit_memory: 0, 1, 2; -1: unknown */
};

/* One failure. Debuggers and the hakmem command read it from outside: fields are only added at the
 * end, each 8 bytes wide. */
struct failure {
    uint64_t number;               /* 0 is the first failure of the process */
    uint64_t time_ns;              /* CLOCK_REALTIME_COARSE */
    uint64_t thread;               /* pthread_self(), by which gdb finds the thread of a core dump */
    int64_t tid;                   /* its kernel ID; 0: not known without a system call. See failure_nth */
    uint64_t size;                 /* bytes asked for; UINT64_MAX where their number overflowed */
    uint64_t alignment;            /* asked for, 16 at least */
    uint64_t reason;               /* enum failure_reason */
    int64_t size_class;            /* -1: a span or large request */
    const char *call;              /* the system call that was refused, or "none": a static string */
    int64_t code;                  /* its errno, or 0 */
    uint64_t mapped;               /* bytes of address space the library held */
    uint64_t mappings;             /* in so many mappings */
    struct failure_environment at; /* known with HAKMEM_ACE_TRACE=1 */
};

/* Record a failure, print it where HAKMEM_ACE_TRACE asks for it, and set errno to ENOMEM.
 * Returns NULL, so that a caller can return it. Takes the call and errno from os_error. Lock-free,
 * and without a system call unless it prints. SIZE_CLASS is -1 for spans and large requests. */
COLD void *failure_record(enum failure_reason reason, size_t size, size_t align, int size_class);

/* The last FAILURE_RECORDS failures are kept. */
enum { FAILURE_RECORDS = 64 };

/* Copy the failure BACK before the last one begun, 0 <= BACK < FAILURE_RECORDS. False if there is none,
 * or another thread is just writing or replacing it. A failure of the calling thread gets its tid. */
bool failure_nth(unsigned back, struct failure *out);

/* Copy the last failure that is whole; false if there is none. */
bool failure_latest(struct failure *out);

/* Failures begun since start, kept or not. */
uint64_t failure_count(void);

void failure_environment(struct failure_environment *out);

#endif
