/* SPDX-License-Identifier: MIT */
/* sizeclass.c - what sizeclass.h promises, proved by the compiler where it can be (floor F3). */
#include "sizeclass.h"

/* The ends of the mid classes, by the formulas of class_of and class_size. */
#define MID_SIZE(i) ((size_t)(STEPS + (i) % STEPS + 1) << ((i) / STEPS + 7))
static_assert(MID_SIZE(0) == 1152, "the first mid class follows 1 KiB");
static_assert(MID_SIZE(7) == 2048, "eight steps to a doubling");
static_assert(MID_SIZE(39) == MID_MAX, "the last mid class");
static_assert(GRANULE % MIN_ALIGN == 0, "blocks are aligned because slabs are");
static_assert(MAP_CLASSES <= 256, "a class fits the byte of the class map");

/* Class of (i + 1) steps of 128 bytes, which is the largest size of its entry: 2^b is the power of
 * two below it. Entries of tiny sizes are never read. */
#define TOP_BIT(n) (31 - __builtin_clz((unsigned)(n)))
#define LAST(i) (((i) + 1) * 128 - 1)
#define MID_CLASS(i)                                                                                         \
    (LAST(i) < TINY_MAX ? 0                                                                                  \
                        : TINY_CLASSES + 1 + (TOP_BIT(LAST(i)) - 10) * STEPS +                               \
                              (LAST(i) >> (TOP_BIT(LAST(i)) - 3) & (STEPS - 1)))
#define M4(i) MID_CLASS(i), MID_CLASS((i) + 1), MID_CLASS((i) + 2), MID_CLASS((i) + 3)
#define M16(i) M4(i), M4((i) + 4), M4((i) + 8), M4((i) + 12)
#define M64(i) M16(i), M16((i) + 16), M16((i) + 32), M16((i) + 48)
const uint8_t mid_class[MID_STEPS] = {M64(0), M64(64), M64(128), M64(192)};
static_assert(MID_CLASS(8) == TINY_CLASSES + 1 && MID_CLASS(255) == CLASS_LAST, "the ends of the table");
static_assert(MID_STEPS == 256, "the table covers the mid sizes");
