/* SPDX-License-Identifier: MIT */
/* preload.h - what the parts of hakmem-preload share: names, exit codes, messages, the commands. */
#ifndef HAK_PRELOAD_H
#define HAK_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>

#define PRELOAD_DIR "/etc"
#define PRELOAD_NAME "ld.so.preload"
#define PRELOAD_FILE PRELOAD_DIR "/" PRELOAD_NAME
#define PRELOAD_LINE "/usr/$LIB/libhakmem.so.1"
#define LIBRARY_NAME "libhakmem.so.1"

enum {
    EXIT_OK = 0,
    EXIT_FAULT = 1,   /* refused or failed; the file is as it was */
    EXIT_USAGE = 2,   /* bad arguments */
    EXIT_OFF = 3,     /* status: not enabled */
    EXIT_BROKEN = 4,  /* status: enabled, but not as it should be */
    EXIT_STRANDED = 5 /* it went wrong and could not be undone */
};

/* "hakmem-preload: " and the text, one line on standard error. */
void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same on standard output, without the name; not with --quiet. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* malloc, or an error and the end: nothing is half done where it is called. */
void *need_memory(size_t size);

extern bool quiet;
/* --root=DIR was given: the commands work in that tree, and leave the running system alone. */
extern bool in_other_root;
/* Directory of the tree that holds the real root, or -1. */
extern int outer_root;

enum { CONFIRM_MINUTES = 7 * 24 * 60 /* the longest */ };

struct enable_options {
    double minutes;  /* --confirm, or 0 */
    bool remembered; /* --remembered */
};

int command_enable(const struct enable_options *options);
int command_disable(bool remember);
int command_confirm(void);
int command_resume(void);
int command_status(void);
int command_check(void);
int command_verify(void);
int command_service(const char *name, bool remove, bool force);

/* As init: drop our entries, go on to the real one. Returns only if there is none. */
int rescue(char **argv);

#endif
