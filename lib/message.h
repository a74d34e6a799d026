/* SPDX-License-Identifier: MIT */
/* message.h - formatting without malloc, stdio or locale (floor F1). */
#ifndef HAK_MESSAGE_H
#define HAK_MESSAGE_H

#include "compiler.h"

/* Text that does not fit is cut; LEN never passes the size of TEXT. */
struct message {
    size_t len;
    char text[1016];
};

static inline void message_init(struct message *m)
{
    m->len = 0;
}

void message_str(struct message *m, const char *s);
void message_word(struct message *m, const char *s, size_t most); /* on one line, whatever S holds */
void message_dec(struct message *m, uint64_t n);
void message_hex(struct message *m, uint64_t n); /* with 0x */
void message_send(const struct message *m, int fd);

/* " name=N", and the same in hexadecimal */
void message_field(struct message *m, const char *name, uint64_t n);
void message_address(struct message *m, const char *name, const void *address);
/* " name=TEXT" */
void message_text(struct message *m, const char *name, const char *text);

#endif
