/* SPDX-License-Identifier: MIT */
/* common/json.c - JSON on standard output. */
#include "common/json.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { DEPTH = 16 };
static struct {
    unsigned depth;
    bool any[DEPTH]; /* something was written at this depth */
    char end[DEPTH];
} json;

/* Bytes of the UTF-8 character at P; 0 if it is none. */
static unsigned utf8(const unsigned char *p)
{
    unsigned n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 0;
    if (p[0] >= 0xf0 && p[0] < 0xf5)
        n = 4;
    for (unsigned i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
    bool overlong =
        (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
    return surrogate || overlong ? 0 : n;
}

static void quoted(const char *text)
{
    putchar('"');
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        unsigned n = utf8(p);
        if (*p == '"' || *p == '\\')
            printf("\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            printf("\\u%04x", *p);
        else if (n)
            fwrite(p, 1, n, stdout);
        else
            putchar('?');
        p += n ? n : 1;
    }
    putchar('"');
}

static void begin(const char *name)
{
    if (json.depth) {
        printf("%s\n%*s", json.any[json.depth] ? "," : "", (int)json.depth * 2, "");
        json.any[json.depth] = true;
    }
    if (name) {
        quoted(name);
        fputs(": ", stdout);
    }
}

void json_open(const char *name, char bracket)
{
    begin(name);
    putchar(bracket);
    json.depth++;
    json.any[json.depth] = false;
    json.end[json.depth] = bracket == '{' ? '}' : ']';
}

void json_close(void)
{
    char end = json.end[json.depth];
    bool any = json.any[json.depth--];
    if (any)
        printf("\n%*s", (int)json.depth * 2, "");
    putchar(end);
    if (!json.depth)
        putchar('\n');
}

void json_number(const char *name, uint64_t value)
{
    begin(name);
    printf("%" PRIu64, value);
}

void json_bool(const char *name, bool value)
{
    begin(name);
    fputs(value ? "true" : "false", stdout);
}

void json_text(const char *name, const char *value)
{
    begin(name);
    if (value)
        quoted(value);
    else
        fputs("null", stdout);
}
