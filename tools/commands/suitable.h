/* SPDX-License-Identifier: MIT */
/* commands/suitable.h - can the library get into what a command runs? */
#ifndef HAK_TOOL_SUITABLE_H
#define HAK_TOOL_SUITABLE_H

#include <limits.h>
#include <stdbool.h>

/* Where execvp would find NAME, or NULL: allocated. */
char *find_command(const char *name);

struct suitability {
    char file[PATH_MAX]; /* the program: of a script, its interpreter */
    const char *unfit;   /* why the library cannot be in it; NULL */
    const char *ignored; /* why the loader ignores LD_PRELOAD for it; NULL */
    bool script;
};

/* Look at FILE. Where it cannot be read, nothing is known against it. */
void suitability_of(const char *file, struct suitability *out);

/* Warnings about what the command will start, as far as its arguments tell: of a shell, of a wrapper like
 * env(1). */
void warn_of_children(const char *file, char *const *argv);

#endif
