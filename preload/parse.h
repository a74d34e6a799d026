/* SPDX-License-Identifier: MIT */
/* parse.h - the text of /etc/ld.so.preload: how ld.so reads it, how it was meant, and changes to it. */
#ifndef HAK_PRELOAD_PARSE_H
#define HAK_PRELOAD_PARSE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes on the heap; never NULL. */
struct text {
    char *data;
    size_t size;
};

struct text text_copy(const char *data, size_t size);
void text_free(struct text *text);
bool text_equal(const struct text *a, const struct text *b);

/* Names in a text: offset and length of each, in order. */
struct names {
    struct name {
        size_t at, size;
    } * list;
    size_t count;
};

/* As glibc's ld.so reads them, with its way of missing comments. */
struct names names_read(const struct text *text);
/* As ld.so(8) says: separated by blanks, colons and newlines; from # to the end of the line a comment. */
struct names names_meant(const struct text *text);
void names_free(struct names *names);

/* The first name that ld.so reads and nobody meant, or NULL. */
const struct name *names_strange(const struct text *text, const struct names *read,
                                 const struct names *meant);
/* Line of an offset, from 1. */
size_t text_line(const struct text *text, size_t at);

/* What a name is to us. */
bool name_is_line(const struct text *text, const struct name *name);   /* exactly PRELOAD_LINE */
bool name_is_ours(const struct text *text, const struct name *name);   /* our library, however spelt */
bool name_is_hakmem(const struct text *text, const struct name *name); /* any libhakmem, wherever it is */
typedef bool name_test(const struct text *, const struct name *);

/* TEXT with PRELOAD_LINE as its last line. */
struct text text_with_line(const struct text *text);
/* TEXT without the names that TEST chooses: whole lines where they stand alone. The other names are read as
   they were; where cutting would change that, they are overwritten by blanks. */
struct text text_without(const struct text *text, name_test *test);

#endif
