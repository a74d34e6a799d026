/* SPDX-License-Identifier: MIT */
/* base/bytes.h - the numbers of DWARF, read within bounds; the lowest byte is first. */
#ifndef HAK_BYTES_H
#define HAK_BYTES_H

#include "base/compiler.h"

/* `at` is the next byte; behind the end all is 0, and `short_of` says so. */
struct bytes {
    const unsigned char *at, *end;
    bool short_of;
};

/* From AT on, if that lies within FROM and TO. */
static inline struct bytes bytes_at(const unsigned char *from, const unsigned char *to, uint64_t at)
{
    bool inside = at >= (uintptr_t)from && at < (uintptr_t)to;
    return (struct bytes){inside ? (const unsigned char *)at : to, to, !inside};
}

static inline size_t bytes_left(const struct bytes *b)
{
    return (size_t)(b->end - b->at);
}

struct MAY_ALIAS __attribute__((packed)) unaligned {
    union {
        uint64_t u8;
        uint32_t u4;
        uint16_t u2;
        uint8_t u1;
    } as;
};

/* SIZE is 1, 2, 4 or 8. */
static inline uint64_t bytes_fixed(struct bytes *b, unsigned size)
{
    if (bytes_left(b) < size) {
        b->short_of = true;
        b->at = b->end;
        return 0;
    }
    const struct unaligned *p = (const struct unaligned *)b->at;
    b->at += size;
    switch (size) {
    case 1: return p->as.u1;
    case 2: return p->as.u2;
    case 4: return p->as.u4;
    default: return p->as.u8;
    }
}

static inline uint64_t sign_extend(uint64_t value, unsigned bits)
{
    return bits < 64 && value >> (bits - 1) & 1 ? value | ~0ull << bits : value;
}

static inline uint64_t leb128(struct bytes *b, unsigned *bits)
{
    uint64_t value = 0, byte;
    *bits = 0;
    do {
        byte = bytes_fixed(b, 1);
        if (*bits < 64)
            value |= (byte & 0x7f) << *bits;
        *bits += 7;
    } while (byte & 0x80);
    return value;
}

static inline uint64_t bytes_unsigned(struct bytes *b)
{
    unsigned bits;
    if (LIKELY(bytes_left(b) && *b->at < 0x80))
        return *b->at++;
    return leb128(b, &bits);
}

static inline uint64_t bytes_signed(struct bytes *b)
{
    unsigned bits;
    uint64_t value = leb128(b, &bits);
    return sign_extend(value, bits);
}

/* Take SIZE bytes off the front. */
static inline struct bytes bytes_part(struct bytes *b, uint64_t size)
{
    struct bytes p = *b;
    if (size > bytes_left(b))
        p.short_of = b->short_of = true;
    else
        p.end = b->at + size;
    b->at = p.end;
    return p;
}

#endif
