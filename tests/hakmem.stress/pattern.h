/* SPDX-License-Identifier: MIT */
/* pattern.h - what a live block contains, derived from its id (test support).
 *
 * The word at offset o of block id is pattern_word(id, o), so that words may be written twice and
 * a shorter or longer block keeps its words. Blocks up to PATTERN_FULL bytes are written whole;
 * longer ones at the head, the tail and at regular steps whose phase depends on the id. */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PATTERN_FULL = 512, PATTERN_EDGE = 64, PATTERN_NONE = -1 };

static inline uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t pattern_word(uint64_t key, size_t offset)
{
    return key ^ (offset * UINT64_C(0x9e3779b97f4a7c15));
}

static inline size_t pattern_step(size_t size)
{
    return size <= 64 * 1024 ? 512 : size <= 1024 * 1024 ? 4096 : 16384;
}

/* Write (or check) words at FROM, FROM + STEP ... that end at or before END. Returns the offset of
 * the first wrong word, or PATTERN_NONE. */
static inline ptrdiff_t pattern_run(char *p, uint64_t key, size_t from, size_t end, size_t step, bool write)
{
    for (size_t o = from; o + 8 <= end; o += step) {
        uint64_t want = pattern_word(key, o), have;
        if (write) {
            memcpy(p + o, &want, 8);
            continue;
        }
        memcpy(&have, p + o, 8);
        if (have != want)
            return (ptrdiff_t)o;
    }
    return PATTERN_NONE;
}

/* The last bytes of a block whose size is no multiple of 8. */
static inline ptrdiff_t pattern_rest(char *p, uint64_t key, size_t size, bool write)
{
    for (size_t o = size & ~(size_t)7; o < size; o++) {
        char want = (char)(pattern_word(key, o & ~(size_t)7) >> (8 * (o & 7)));
        if (write)
            p[o] = want;
        else if (p[o] != want)
            return (ptrdiff_t)o;
    }
    return PATTERN_NONE;
}

/* Write or check a block that was written as SIZE bytes, of which KEPT are still there. */
static inline ptrdiff_t pattern_block(char *p, uint64_t id, size_t size, size_t kept, bool write)
{
    uint64_t key = mix(id);
    size_t step = pattern_step(size), body = size & ~(size_t)7;
    ptrdiff_t bad;
    if (size <= PATTERN_FULL) {
        bad = pattern_run(p, key, 0, kept, 8, write);
    } else {
        size_t tail = body - PATTERN_EDGE;
        bad = pattern_run(p, key, 0, kept < PATTERN_EDGE ? kept : PATTERN_EDGE, 8, write);
        if (bad == PATTERN_NONE)
            bad = pattern_run(p, key, key % step & ~(size_t)7, kept, step, write);
        if (bad == PATTERN_NONE)
            bad = pattern_run(p, key, tail, kept, 8, write);
    }
    if (bad == PATTERN_NONE && kept == size)
        bad = pattern_rest(p, key, size, write);
    return bad;
}

#endif
