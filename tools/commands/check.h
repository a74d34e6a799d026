/* SPDX-License-Identifier: MIT */
/* commands/check.h - findings of hakmem check. */
#ifndef HAK_TOOL_CHECK_H
#define HAK_TOOL_CHECK_H

#include <stdbool.h>

enum level { LEVEL_GOOD, LEVEL_NOTE, LEVEL_PROBLEM };

/* One line: what it is about, for machines, and a sentence. */
void finding(enum level level, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Look at LIBRARY, the configuration (CONF, or NULL: where it usually is), and a trial process. */
void check_machine(const char *library, const char *conf);

/* Look at a process; false after an error if it cannot be read. */
bool check_process(int pid);

struct target;
struct serving;
/* Others in the process that care about malloc: sanitizers, and allocators that do not serve it. */
void check_neighbours(struct target *t, const struct serving *s);

#endif
