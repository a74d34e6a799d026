/* SPDX-License-Identifier: MIT */
/* profile/output.h - the forms of a profile. */
#ifndef HAK_TOOL_OUTPUT_H
#define HAK_TOOL_OUTPUT_H

#include "profile/profile.h"

enum form { FORM_TEXT, FORM_PPROF, FORM_FOLDED, FORM_HTML, FORM_JSON, FORMS };
/* By its name, or by how a file that has it is called; FORMS if neither tells. */
enum form form_named(const char *name);
enum form form_of_file(const char *file);

struct output {
    enum form form;
    enum value type;  /* what folded stacks and the order of tables are about */
    unsigned rows;    /* of a table, at the most */
    const char *file; /* NULL: to the descriptor `fd` */
    int fd;
};

/* Write P, complete or not at all. False after an error. */
bool output_write(struct profile *p, const struct output *o);

/* The forms, into OUT. */
void write_pprof(struct profile *p, FILE *out);
void write_folded(struct profile *p, enum value type, FILE *out);
void write_html(struct profile *p, enum value type, FILE *out);
void write_json(struct profile *p, enum value type, FILE *out);
void write_table(struct profile *p, enum value type, unsigned rows, FILE *out);

/* The table of functions by one type alone: what "hakmem explain --who" and --live show. */
void write_functions(struct profile *p, enum value space, unsigned rows, FILE *out);

/* TEXT between quotes of JSON that stands in HTML, too: without what would end either. */
void put_quoted(const char *text, FILE *out);

#endif
