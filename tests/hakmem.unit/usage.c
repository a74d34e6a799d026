/* SPDX-License-Identifier: MIT */
/* What is in use, what is kept, and the peak that both together must not exceed. */
#include "check.h"

#include "events/usage.h"

#define MIB ((size_t)1 << 20)

int main(void)
{
    CHECK(usage_of(USAGE_IN_USE) == 0 && usage_peak() == 0 && usage_headroom() == 0 && usage_excess() == 0);
    usage_add(USAGE_IN_USE, 64 * MIB);
    CHECK(usage_peak() == 64 * MIB && usage_headroom() == 0);
    usage_sub(USAGE_IN_USE, 48 * MIB);
    CHECK(usage_peak() == 64 * MIB && usage_headroom() == 48 * MIB);

    /* Kept and in use: up to the peak, and a sixty-fourth of what is in use. */
    usage_add(USAGE_KEPT_SLABS, 18 * MIB);
    usage_add(USAGE_KEPT_LARGE, 30 * MIB);
    CHECK(usage_headroom() == 18 * MIB && usage_excess() == 0);
    usage_add(USAGE_KEPT_LARGE, MIB);
    CHECK(usage_excess() == MIB - 16 * MIB / 64);
    usage_sub(USAGE_KEPT_LARGE, 31 * MIB);
    usage_sub(USAGE_KEPT_SLABS, 18 * MIB);

    /* A peak is forgotten after one to two seconds. */
    usage_tick(10000);
    CHECK(usage_peak() == 64 * MIB);
    usage_tick(10500);
    CHECK(usage_peak() == 64 * MIB);
    usage_tick(11000);
    CHECK(usage_peak() == 16 * MIB && usage_headroom() == 0);
    usage_add(USAGE_IN_USE, MIB);
    CHECK(usage_peak() == 17 * MIB);
    return 0;
}
