/* SPDX-License-Identifier: MIT */
/* profile/intern.h - numbers for byte strings: equal ones have the same. Counted from 0 in the order they came. */
#ifndef HAK_TOOL_INTERN_H
#define HAK_TOOL_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interned {
    char *bytes; /* with a 0 behind them */
    size_t size;
    uint64_t hash;
};

struct intern {
    struct interned *of;
    uint32_t count, slots; /* a power of two, or 0 */
    uint32_t *slot;        /* number + 1 */
};

/* The number of the SIZE bytes at KEY, which are copied where they are new. */
uint32_t intern(struct intern *t, const void *key, size_t size);
uint32_t intern_text(struct intern *t, const char *text);
void intern_free(struct intern *t);

#endif
