/* SPDX-License-Identifier: MIT */
/* print.c - text of any length, without malloc and stdio, in pieces (floor F7). */
#include "print.h"

#include <string.h>

#include "message.h"
#include "os.h"

static int put_fd(void *to, const char *text, size_t len)
{
    return os_write(*(const int *)to, text, len);
}

void print_init(struct print *p, print_put *put, void *to)
{
    p->put = put;
    p->to = to;
    p->code = 0;
    p->len = 0;
}

void print_init_fd(struct print *p, const int *fd)
{
    print_init(p, put_fd, (void *)(uintptr_t)fd);
}

int print_end(struct print *p)
{
    if (p->len && !p->code)
        p->code = p->put(p->to, p->text, p->len);
    p->len = 0;
    return p->code;
}

static void put_char(struct print *p, char c)
{
    if (p->len == sizeof p->text)
        (void)print_end(p);
    p->text[p->len++] = c;
}

void print_str(struct print *p, const char *s)
{
    while (*s)
        put_char(p, *s++);
}

void print_str_in(struct print *p, const char *s, int width)
{
    int blanks = (width < 0 ? -width : width) - (int)strlen(s);
    for (int i = 0; width > 0 && i < blanks; i++)
        put_char(p, ' ');
    print_str(p, s);
    for (int i = 0; width < 0 && i < blanks; i++)
        put_char(p, ' ');
}

void print_dec_in(struct print *p, uint64_t n, int width)
{
    struct message m;
    message_init(&m);
    message_dec(&m, n);
    m.text[m.len] = '\0';
    print_str_in(p, m.text, width);
}

void print_dec(struct print *p, uint64_t n)
{
    print_dec_in(p, n, 0);
}

void print_bytes(struct print *p, uint64_t n)
{
    static const char unit[][4] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned u = 0;
    if (n < 1024) {
        print_dec_in(p, n, 8);
        print_str(p, " B");
        return;
    }
    uint64_t tenths = n / 1024 * 10 + n % 1024 * 10 / 1024;
    for (; tenths >= 10240; tenths /= 1024)
        u++;
    print_dec_in(p, tenths / 10, 4);
    print_str(p, ".");
    print_dec(p, tenths % 10);
    print_str(p, " ");
    print_str(p, unit[u]);
}

static void put_number_of(struct print *p, unsigned char c)
{
    put_char(p, "0123456789abcdef"[c >> 4]);
    put_char(p, "0123456789abcdef"[c & 15]);
}

void print_json(struct print *p, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
            put_char(p, *s);
            continue;
        }
        print_str(p, "\\u00");
        put_number_of(p, c);
    }
}

void print_xml(struct print *p, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < ' ') { /* no XML document holds them */
            put_char(p, '?');
        } else if (c > '~' || strchr("<>&\"'", c)) {
            print_str(p, "&#x");
            put_number_of(p, c);
            put_char(p, ';');
        } else {
            put_char(p, *s);
        }
    }
}
