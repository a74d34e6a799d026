/* SPDX-License-Identifier: MIT */
/* commands/offspring.h - the processes that a command of hakmem run starts: which of them were seen, and how
 * they ended.
 */
#ifndef HAK_TOOL_OFFSPRING_H
#define HAK_TOOL_OFFSPRING_H

#include <stdbool.h>
#include <stdint.h>

enum seen_library {
    LIBRARY_UNKNOWN, /* it could not be looked at */
    LIBRARY_ABSENT,
    LIBRARY_LOADED,
};

struct member {
    int pid;
    uint64_t start;     /* of the process: numbers are used again */
    char name[64];      /* as last seen */
    char program[4096]; /* its file */
    enum seen_library library;
    const char *unfit; /* why the library cannot be in that program, or NULL */
    bool alive;        /* at the last look */
    bool waited;       /* it was waited for here: */
    int status;        /* as waitpid tells */
};

struct family {
    struct member *list;
    unsigned count;
};

/* Look at all processes below this one. Those that live shorter than from one look to the next are not seen,
 * but for children of this process. */
void family_look(struct family *f);

/* A child of this process was waited for. */
void family_waited(struct family *f, int pid, int status);

/* Why M left no figures. */
const char *family_why(const struct member *m);

void family_free(struct family *f);

#endif
