/* SPDX-License-Identifier: MIT */
/* What is in use, what is kept, and the peak that both together must not exceed. */
#include "check.h"

#include "level.h"

#define MIB ((size_t)1 << 20)

int main(void)
{
    CHECK(level_of(LEVEL_IN_USE) == 0 && level_peak() == 0 && level_headroom() == 0 && level_excess() == 0);
    level_add(LEVEL_IN_USE, 64 * MIB);
    CHECK(level_peak() == 64 * MIB && level_headroom() == 0);
    level_sub(LEVEL_IN_USE, 48 * MIB);
    CHECK(level_peak() == 64 * MIB && level_headroom() == 48 * MIB);

    /* Kept and in use: up to the peak, and a sixty-fourth of what is in use. */
    level_add(LEVEL_KEPT_SLABS, 18 * MIB);
    level_add(LEVEL_KEPT_LARGE, 30 * MIB);
    CHECK(level_headroom() == 18 * MIB && level_excess() == 0);
    level_add(LEVEL_KEPT_LARGE, MIB);
    CHECK(level_excess() == MIB - 16 * MIB / 64);
    level_sub(LEVEL_KEPT_LARGE, 31 * MIB);
    level_sub(LEVEL_KEPT_SLABS, 18 * MIB);

    /* A peak is forgotten after one to two seconds. */
    level_tick(10000);
    CHECK(level_peak() == 64 * MIB);
    level_tick(10500);
    CHECK(level_peak() == 64 * MIB);
    level_tick(11000);
    CHECK(level_peak() == 16 * MIB && level_headroom() == 0);
    level_add(LEVEL_IN_USE, MIB);
    CHECK(level_peak() == 17 * MIB);
    return 0;
}
