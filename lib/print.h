/* SPDX-License-Identifier: MIT */
/* print.h - text of any length, without malloc and stdio, in pieces (floor F7). */
#ifndef HAK_PRINT_H
#define HAK_PRINT_H

#include "compiler.h"

/* What takes the pieces: 0, or an errno. */
typedef int print_put(void *to, const char *text, size_t len);

struct print {
    print_put *put;
    void *to;
    int code; /* of the first piece that failed: the rest is not put */
    size_t len;
    char text[4096];
};

void print_init(struct print *p, print_put *put, void *to);
/* To the file descriptor FD, which stays where it is until print_end. */
void print_init_fd(struct print *p, const int *fd);

void print_str(struct print *p, const char *s);
void print_dec(struct print *p, uint64_t n);
/* Right-aligned in WIDTH columns, left-aligned in -WIDTH. */
void print_str_in(struct print *p, const char *s, int width);
void print_dec_in(struct print *p, uint64_t n, int width);
/* For people, in 10 columns: 123 B, 1.2 KiB, 34.5 MiB. */
void print_bytes(struct print *p, uint64_t n);

/* A string of anybody's, as it stands between quotes in JSON and OpenMetrics, and in XML. Bytes beyond ASCII
 * become the characters of the same number, so that the result is valid whatever they are. */
void print_json(struct print *p, const char *s);
void print_xml(struct print *p, const char *s);

/* Put the rest. 0, or an errno. */
int print_end(struct print *p);

#endif
