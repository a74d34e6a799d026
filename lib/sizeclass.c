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
