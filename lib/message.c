/* SPDX-License-Identifier: MIT */
/* message.c - formatting without malloc, stdio or locale (floor F1). */
#include "message.h"

#include "os.h"

void message_str(struct message *m, const char *s)
{
    while (*s && m->len < sizeof m->text)
        m->text[m->len++] = *s++;
}

void message_word(struct message *m, const char *s, size_t most)
{
    for (; *s && most > 0 && m->len < sizeof m->text; s++, most--)
        m->text[m->len++] = *s >= ' ' && *s <= '~' ? *s : '?';
}

static void put_number(struct message *m, uint64_t n, unsigned base)
{
    char digits[24];
    size_t i = sizeof digits;
    digits[--i] = '\0';
    do {
        digits[--i] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    message_str(m, digits + i);
}

void message_dec(struct message *m, uint64_t n)
{
    put_number(m, n, 10);
}

void message_hex(struct message *m, uint64_t n)
{
    message_str(m, "0x");
    put_number(m, n, 16);
}

void message_text(struct message *m, const char *name, const char *text)
{
    message_str(m, " ");
    message_str(m, name);
    message_str(m, "=");
    message_str(m, text);
}

void message_field(struct message *m, const char *name, uint64_t n)
{
    message_text(m, name, "");
    message_dec(m, n);
}

void message_address(struct message *m, const char *name, const void *address)
{
    message_text(m, name, "");
    message_hex(m, (uintptr_t)address);
}

void message_send(const struct message *m, int fd)
{
    os_write(fd, m->text, m->len);
}
