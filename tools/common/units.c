/* SPDX-License-Identifier: MIT */
/* common/units.c - numbers for readers. */
#include "common/units.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

enum { TEXTS = 8, LENGTH = 512 };

static char *next_text(void)
{
    static char texts[TEXTS][LENGTH];
    static unsigned next;
    return texts[next++ % TEXTS];
}

const char *units_bytes(uint64_t bytes)
{
    char *out = next_text();
    uint64_t tenths;
    unsigned unit = text_unit(bytes, &tenths);
    if (unit)
        snprintf(out, LENGTH, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, " KMGTPE"[unit]);
    else
        snprintf(out, LENGTH, "%" PRIu64, bytes);
    return out;
}

const char *units_share(uint64_t part, uint64_t whole)
{
    char *out = next_text();
    snprintf(out, LENGTH, "%.1f%%", whole ? (double)part * 100 / (double)whole : 0.0);
    return out;
}

const char *units_plain(const char *text)
{
    char *out = next_text();
    unsigned n = 0;
    for (; text[n] && n < LENGTH - 1; n++)
        out[n] = (unsigned char)text[n] < 0x20 || text[n] == 0x7f || (unsigned char)text[n] >= 0x80 ? '?'
                                                                                                    : text[n];
    out[n] = '\0';
    return out;
}
