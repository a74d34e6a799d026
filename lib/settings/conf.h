/* SPDX-License-Identifier: MIT */
/* settings/conf.h - hakmem.conf(5): which of its lines apply to a program. */
#ifndef HAK_CONF_H
#define HAK_CONF_H

#include "base/compiler.h"

/* The text is parsed where it lies, so that reading a file allocates nothing. */
struct conf {
    char *next, *end;    /* what is not parsed yet; *end may be written */
    const char *started; /* path by which the program was started; NULL: this process */
    const char *file;    /* path of its executable file; NULL: not known yet */
    unsigned line;       /* number of the line that conf_next returned */
    bool applies;        /* to the program, does the section of that line */
    char *key, *value;   /* of a setting; of a malformed line, key is the line */
};

enum conf_item { CONF_SETTING, CONF_MALFORMED, CONF_END };

/* Begin with SIZE bytes of TEXT; one more must be writable. PROGRAM and EXECUTABLE are the path by which
 * the program is started and its file; PROGRAM NULL is this process. */
void conf_begin(struct conf *c, char *text, size_t size, const char *program, const char *executable);

/* The next line that applies to the program, in order, and nothing else. */
enum conf_item conf_next(struct conf *c);

/* Read PATH and begin with it. Returns NULL, or why it cannot be used: a static text. A file that does
 * not exist is empty. The text stays where it is until the next call: one thread at a time. */
const char *conf_open(struct conf *c, const char *path, const char *program, const char *executable);

extern HIDDEN const char conf_path[]; /* /etc/hakmem.conf, or as configure --with-conf says */

enum { CONF_MAX = 64 << 10 }; /* bytes of a file */

#endif
