/* SPDX-License-Identifier: MIT */
/* tool.h - what the commands of hakmem share: exit codes, errors, their entry points. */
#ifndef HAK_TOOL_H
#define HAK_TOOL_H

#include <stdbool.h>

enum {
    EXIT_OK = 0,
    EXIT_NO = 1,           /* what was asked failed, or the answer is no */
    EXIT_USAGE = 2,        /* bad arguments */
    EXIT_CANNOT_RUN = 126, /* run: the command cannot be run with the library */
    EXIT_NOT_FOUND = 127,  /* run: there is no such command */
};

/* "hakmem: " and the text, one line on standard error. */
void error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
