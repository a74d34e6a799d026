/* SPDX-License-Identifier: MIT */
/* base/text.c - text without malloc, stdio or locale. */
#include "base/text.h"

#include <string.h>

#include "base/os.h"

void line_str(struct line *m, const char *s)
{
    while (*s && m->len < sizeof m->text)
        m->text[m->len++] = *s++;
}

void line_word(struct line *m, const char *s, size_t most)
{
    for (; *s && most > 0 && m->len < sizeof m->text; s++, most--)
        m->text[m->len++] = *s >= ' ' && *s <= '~' ? *s : '?';
}

static void put_number(struct line *m, uint64_t n, unsigned base)
{
    char digits[24];
    size_t i = sizeof digits;
    digits[--i] = '\0';
    do {
        digits[--i] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    line_str(m, digits + i);
}

void line_dec(struct line *m, uint64_t n)
{
    put_number(m, n, 10);
}

void line_hex(struct line *m, uint64_t n)
{
    line_str(m, "0x");
    put_number(m, n, 16);
}

void line_text(struct line *m, const char *name, const char *text)
{
    line_str(m, " ");
    line_str(m, name);
    line_str(m, "=");
    line_str(m, text);
}

void line_field(struct line *m, const char *name, uint64_t n)
{
    line_text(m, name, "");
    line_dec(m, n);
}

void line_address(struct line *m, const char *name, const void *address)
{
    line_text(m, name, "");
    line_hex(m, (uintptr_t)address);
}

void line_send(const struct line *m, int fd)
{
    os_write(fd, m->text, m->len);
}

/* --- Text of any length ---------------------------------------------------------------------------*/

static int put_fd(void *to, const char *text, size_t len)
{
    return os_write(*(const int *)to, text, len);
}

void text_init(struct text *p, text_put *put, void *to)
{
    p->put = put;
    p->to = to;
    p->code = 0;
    p->len = 0;
}

void text_init_fd(struct text *p, const int *fd)
{
    text_init(p, put_fd, (void *)(uintptr_t)fd);
}

int text_end(struct text *p)
{
    if (p->len && !p->code)
        p->code = p->put(p->to, p->text, p->len);
    p->len = 0;
    return p->code;
}

static void put_char(struct text *p, char c)
{
    if (p->len == sizeof p->text)
        (void)text_end(p);
    p->text[p->len++] = c;
}

void text_str(struct text *p, const char *s)
{
    while (*s)
        put_char(p, *s++);
}

void text_str_in(struct text *p, const char *s, int width)
{
    int blanks = (width < 0 ? -width : width) - (int)strlen(s);
    for (int i = 0; width > 0 && i < blanks; i++)
        put_char(p, ' ');
    text_str(p, s);
    for (int i = 0; width < 0 && i < blanks; i++)
        put_char(p, ' ');
}

void text_dec_in(struct text *p, uint64_t n, int width)
{
    struct line m;
    line_init(&m);
    line_dec(&m, n);
    m.text[m.len] = '\0';
    text_str_in(p, m.text, width);
}

void text_dec(struct text *p, uint64_t n)
{
    text_dec_in(p, n, 0);
}

unsigned text_unit(uint64_t n, uint64_t *tenths)
{
    unsigned u = 0;
    *tenths = n * 10;
    while (u < 6 && (u == 0 ? n >= 1024 : *tenths >= 10240)) {
        unsigned shift = 10 * ++u;
        uint64_t rest = n & ((UINT64_C(1) << shift) - 1);
        *tenths = (n >> shift) * 10 + ((rest * 10 + (UINT64_C(1) << (shift - 1))) >> shift);
    }
    return u;
}

void text_bytes(struct text *p, uint64_t n)
{
    static const char unit[][4] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    uint64_t tenths;
    unsigned u = text_unit(n, &tenths);
    text_dec_in(p, u ? tenths / 10 : n, u ? 4 : 8);
    if (u) {
        text_str(p, ".");
        text_dec(p, tenths % 10);
    }
    text_str(p, " ");
    text_str(p, unit[u]);
}

/* Bytes of the UTF-8 character at S; 0 if it is none. Those two that no XML document may hold are none. */
static unsigned utf8(const char *s)
{
    const unsigned char *p = (const unsigned char *)s;
    unsigned n = p[0] >= 0xc2 && p[0] < 0xe0   ? 2
                 : (p[0] & 0xf0) == 0xe0       ? 3
                 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                               : 0;
    for (unsigned i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool surrogate = p[0] == 0xed && p[1] >= 0xa0, none = p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe;
    bool overlong =
        (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
    return surrogate || none || overlong ? 0 : n;
}

/* Put the character of N bytes at S; what is behind it. */
static const char *put_whole(struct text *p, const char *s, unsigned n)
{
    while (n--)
        put_char(p, *s++);
    return s;
}

static void put_number_of(struct text *p, unsigned char c)
{
    put_char(p, "0123456789abcdef"[c >> 4]);
    put_char(p, "0123456789abcdef"[c & 15]);
}

void text_json(struct text *p, const char *s)
{
    for (unsigned n; *s; s++) {
        if ((n = utf8(s)) != 0) {
            s = put_whole(p, s, n) - 1;
            continue;
        }
        unsigned char c = (unsigned char)*s;
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
            put_char(p, *s);
            continue;
        }
        text_str(p, "\\u00");
        put_number_of(p, c);
    }
}

void text_xml(struct text *p, const char *s)
{
    for (unsigned n; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((n = utf8(s)) != 0)
            s = put_whole(p, s, n) - 1;
        else if (c < ' ') { /* no XML document holds them */
            put_char(p, '?');
        } else if (c > '~' || strchr("<>&\"'", c)) {
            text_str(p, "&#x");
            put_number_of(p, c);
            put_char(p, ';');
        } else {
            put_char(p, *s);
        }
    }
}

bool text_path(char *out, size_t size, const char *name, uint64_t pid)
{
    struct line number;
    line_init(&number);
    line_dec(&number, pid);
    size_t n = 0;
    for (const char *p = name; *p; p++) {
        const char *piece = p;
        size_t len = 1;
        if (p[0] == '%' && p[1] == 'p') {
            piece = number.text;
            len = number.len;
            p++;
        }
        if (n + len >= size)
            return false;
        memcpy(out + n, piece, len);
        n += len;
    }
    out[n] = '\0';
    return true;
}
