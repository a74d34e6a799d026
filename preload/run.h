/* SPDX-License-Identifier: MIT */
/* run.h - run a program as a trial: for a limited time, its words kept. */
#ifndef HAK_PRELOAD_RUN_H
#define HAK_PRELOAD_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct program {
    const char *const *argv; /* argv[0]: a path, or a name looked for in the system's directories */
    uid_t uid;               /* 0: as root */
    size_t address_space;    /* RLIMIT_AS, 0: none */
    const char *preload;     /* LD_PRELOAD, or NULL */
    const char *variable;    /* one more of the environment, or NULL */
    unsigned limit;          /* seconds that it has; 0: RUN_SECONDS */
};

enum { RUN_SECONDS = 10 };
#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

struct outcome {
    int status;     /* as of waitpid */
    bool hung;      /* it did not end in time, and was killed */
    unsigned limit; /* in seconds */
    size_t size;
    char words[1024]; /* the first of what it wrote on standard error */
};

/* False where there is no such program: nothing was run. Nothing of its process group outlives it. */
bool run_program(const struct program *program, struct outcome *outcome);
/* In a child: it ends when PARENT does, which may have ended by now. */
void die_with(pid_t parent);
/* Ended with 0 and wrote nothing. */
bool outcome_clean(const struct outcome *outcome);
bool outcome_same(const struct outcome *a, const struct outcome *b);
/* What happened, in one line; until the next call. */
const char *outcome_words(const struct outcome *outcome);

#endif
