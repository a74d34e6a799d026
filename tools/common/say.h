/* SPDX-License-Identifier: MIT */
/* common/say.h - errors, exit codes, memory, and where the files of the package are. */
#ifndef HAK_TOOL_SAY_H
#define HAK_TOOL_SAY_H

#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXIT_OK = 0,
    EXIT_NO = 1,           /* what was asked for failed, or the answer is no */
    EXIT_USAGE = 2,        /* bad arguments */
    EXIT_LATER = 3,        /* purge: it is asked for, and not done yet */
    EXIT_CANNOT_RUN = 126, /* run: the command cannot be run with the library */
    EXIT_NOT_FOUND = 127,  /* run: there is no such command */
};

/* A JSON document on standard output. */
extern struct json json_out;

/* "hakmem: " and the text, one line on standard error. */
void error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Errors of the command line: the same, and where help is. Returns EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* getopt_long of COMMAND has met something that it does not know in ARGV. The same. */
int option_error(const char *command, char **argv);

/* malloc and its like, or an error and the end. */
void *need_memory(void *old, size_t size);
char *need_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The PID that TEXT is, or an error and -1. */
int parse_pid(const char *text);

/* TEXT, all of it, as a number from LEAST to MOST: false otherwise. */
bool parse_number(const char *text, double least, double most, double *out);

/* Path of the library: that of the build tree where this program lies in one, else the installed one. */
const char *library_path(void);
/* FILE, allocated, with the real path of its directory: its own name stays, also where it is a link. */
char *absolute_path(const char *file);
/* Path of this program. */
const char *own_path(void);

#endif
