/* SPDX-License-Identifier: MIT */
/* base/text.h - text without malloc, stdio or locale: a line, and text of any length in pieces. */
#ifndef HAK_TEXT_H
#define HAK_TEXT_H

#include "base/compiler.h"

/* A line. What does not fit is cut; LEN never passes the size of TEXT. */
struct line {
    size_t len;
    char text[1016];
};

static inline void line_init(struct line *m)
{
    m->len = 0;
}

void line_str(struct line *m, const char *s);
void line_word(struct line *m, const char *s, size_t most); /* on one line, whatever S holds */
void line_dec(struct line *m, uint64_t n);
void line_hex(struct line *m, uint64_t n); /* with 0x */
void line_send(const struct line *m, int fd);

/* " name=N", and the same in hexadecimal */
void line_field(struct line *m, const char *name, uint64_t n);
void line_address(struct line *m, const char *name, const void *address);
/* " name=TEXT" */
void line_text(struct line *m, const char *name, const char *text);

/* --- Of any length, in pieces ---------------------------------------------------------------------*/

/* What takes the pieces: 0, or an errno. */
typedef int text_put(void *to, const char *text, size_t len);

struct text {
    text_put *put;
    void *to;
    int code; /* of the first piece that failed: the rest is not put */
    size_t len;
    char text[4096];
};

void text_init(struct text *p, text_put *put, void *to);
/* To the file descriptor FD, which stays where it is until text_end. */
void text_init_fd(struct text *p, const int *fd);

void text_str(struct text *p, const char *s);
void text_dec(struct text *p, uint64_t n);
/* Right-aligned in WIDTH columns, left-aligned in -WIDTH. */
void text_str_in(struct text *p, const char *s, int width);
void text_dec_in(struct text *p, uint64_t n, int width);
/* The largest unit of 1024 of which N bytes are one or more: 0 bytes, 1 KiB, 2 MiB; *TENTHS of it, rounded.
 * */
unsigned text_unit(uint64_t n, uint64_t *tenths);
/* For people, in 10 columns: 123 B, 1.2 KiB, 34.5 MiB. */
void text_bytes(struct text *p, uint64_t n);

/* A string of anybody's, as it stands between quotes in JSON and OpenMetrics, and in XML. Bytes that are
 * no UTF-8 become the characters of the same number, so that the result is valid whatever they are. */
void text_json(struct text *p, const char *s);
void text_xml(struct text *p, const char *s);

/* NAME with PID for each %p in it, as a string of SIZE bytes at most. False if that is too long. */
bool text_path(char *out, size_t size, const char *name, uint64_t pid);

/* Put the rest. 0, or an errno. */
int text_end(struct text *p);

#endif
