/* SPDX-License-Identifier: MIT */
/* base/sizeclass.c - what sizeclass.h promises, proved by the compiler where it can be. */
#include "base/sizeclass.h"

static_assert(GRANULE % MIN_ALIGN == 0, "blocks are aligned because slabs are");
static_assert(MAP_CLASSES <= 256, "a class fits the byte of the class map");

/* Doubling d begins at 1 KiB << d. Its header class is the largest of which a slab holds one block less than
 * of that power of two: 63, 31, 15. */
#define HEADER_SIZE(d) (GRANULE / ((64 >> (d)) - 1) / MIN_ALIGN * MIN_ALIGN)
static_assert(HEADER_SIZE(0) == 1040 && HEADER_SIZE(1) == 2112 && HEADER_SIZE(2) == 4368,
              "the header classes");

/* --- Class to size --------------------------------------------------------------------------------*/

#define STEP_SIZE(d, i) ((STEPS + (i)) << ((d) + 7))
#define DOUBLING(d)                                                                                          \
    STEP_SIZE(d, 1), STEP_SIZE(d, 2), STEP_SIZE(d, 3), STEP_SIZE(d, 4), STEP_SIZE(d, 5), STEP_SIZE(d, 6),    \
        STEP_SIZE(d, 7), STEP_SIZE(d, 8)
#define T1(c) (c) * MIN_ALIGN
#define T4(c) T1(c), T1((c) + 1), T1((c) + 2), T1((c) + 3)
#define T16(c) T4(c), T4((c) + 4), T4((c) + 8), T4((c) + 12)
const uint16_t class_sizes[CLASSES] = {0,           T16(1),         T16(17),     T16(33),
                                       T16(49),     HEADER_SIZE(0), DOUBLING(0), HEADER_SIZE(1),
                                       DOUBLING(1), HEADER_SIZE(2), DOUBLING(2), DOUBLING(3),
                                       DOUBLING(4)};
static_assert(sizeof((uint16_t[]){0, T16(1), T16(17), T16(33), T16(49)}) ==
                  sizeof(uint16_t[TINY_CLASSES + 1]),
              "a size for each tiny class");
static_assert(STEP_SIZE(DOUBLINGS - 1, STEPS) == MID_MAX, "the last mid class");

/* --- Size to class --------------------------------------------------------------------------------*/

/* Class of (i + 1) steps of 16 bytes, which is the largest size of its entry. Entries of tiny sizes are never
 * read. */
#define LAST(i) (((i) + 1) * (1 << MID_STEP_SHIFT) - 1)
#define DOUBLING_OF(n) (31 - __builtin_clz((unsigned)(n)) - 10)
#define STEP_OF(n, d) ((n) >> ((d) + 7) & (STEPS - 1))
#define CLASS_IN(n, d)                                                                                       \
    (TINY_CLASSES + 1 + (d)*STEPS +                                                                          \
     ((d) >= HEADER_CLASSES      ? HEADER_CLASSES + STEP_OF(n, d)                                            \
      : (n) < HEADER_SIZE((d)&3) ? (d)                                                                       \
                                 : (d) + 1 + STEP_OF(n, d)))
#define MID_CLASS(i) (LAST(i) < TINY_MAX ? 0 : CLASS_IN(LAST(i), DOUBLING_OF(LAST(i))))
#define M4(i) MID_CLASS(i), MID_CLASS((i) + 1), MID_CLASS((i) + 2), MID_CLASS((i) + 3)
#define M16(i) M4(i), M4((i) + 4), M4((i) + 8), M4((i) + 12)
#define M64(i) M16(i), M16((i) + 16), M16((i) + 32), M16((i) + 48)
#define M256(i) M64(i), M64((i) + 64), M64((i) + 128), M64((i) + 192)
const uint8_t mid_class[MID_STEPS] = {M256(0),    M256(256),  M256(512),  M256(768),
                                      M256(1024), M256(1280), M256(1536), M256(1792)};
static_assert(MID_CLASS(TINY_MAX >> MID_STEP_SHIFT) == TINY_CLASSES + 1 &&
                  MID_CLASS(MID_STEPS - 1) == CLASS_LAST,
              "the ends of the table");
static_assert(sizeof mid_class == MID_STEPS && MID_STEPS == 8 * 256, "the table covers the mid sizes");
