/* SPDX-License-Identifier: MIT */
/* What is in use, what is kept, and the peak that both together must not exceed. */
#include "check.h"

#include "base/bits.h"
#include "settings/policy.h"
#include "events/usage.h"

/* With USED bytes in use so much may be kept. */
static size_t room(size_t used)
{
    usage_add(USAGE_IN_USE, used);
    size_t bytes = usage_room();
    usage_sub(USAGE_IN_USE, used);
    return bytes;
}

/* Nothing is in use or kept. */
static void test_soft_limit(void)
{
    CHECK(room(0) == SIZE_MAX && room(MIB(1000)) == SIZE_MAX);
    store_relaxed(&live_policy.soft_limit_bytes, MIB(64));
    CHECK(room(0) == MIB(64) && room(MIB(40)) == MIB(24) && room(MIB(48)) == MIB(16));
    CHECK(room(MIB(52)) == MIB(8) && room(MIB(56)) == 0 && room(MIB(64)) == 0 && room(MIB(99)) == 0);
    for (size_t used = 0, last = MIB(64); used < MIB(70); used += 12345) { /* without a step */
        size_t now = room(used);
        CHECK(now <= last && last - now <= (size_t)2 * 12345 && used + now <= max_size(used, MIB(64)));
        last = now;
    }
    for (unsigned i = 0; i < 64; i++) { /* limits that nobody means */
        store_relaxed(&live_policy.soft_limit_bytes, (uint64_t)1 << i);
        CHECK(room(0) <= (uint64_t)1 << i && room(MIB(1000)) <= (uint64_t)1 << i);
    }
    /* What is beyond it, but what is kept in any case. */
    store_relaxed(&live_policy.soft_limit_bytes, MIB(64));
    usage_add(USAGE_IN_USE, MIB(52));
    usage_add(USAGE_KEPT_SLABS, MIB(6));
    CHECK(usage_over() == 0);
    usage_add(USAGE_KEPT_LARGE, MIB(3));
    CHECK(usage_over() == MIB(1));
    usage_add(USAGE_PREWARMED, MIB(1));
    CHECK(usage_over() == 0);
    usage_sub(USAGE_IN_USE, MIB(52));
    store_relaxed(&live_policy.soft_limit_bytes, 0);
    store_relaxed(&live_policy.pressure, PRESSURE_SOME);
    CHECK(usage_room() == 0 && usage_over() == MIB(8));
    store_relaxed(&live_policy.pressure, PRESSURE_NONE);
    CHECK(usage_over() == 0);
    usage_sub(USAGE_PREWARMED, MIB(1));
    usage_sub(USAGE_KEPT_SLABS, MIB(6));
    usage_sub(USAGE_KEPT_LARGE, MIB(3));
}

int main(void)
{
    CHECK(usage_of(USAGE_IN_USE) == 0 && usage_peak() == 0 && usage_headroom() == 0 && usage_excess() == 0);
    usage_add(USAGE_IN_USE, MIB(64));
    CHECK(usage_peak() == MIB(64) && usage_headroom() == 0);
    usage_sub(USAGE_IN_USE, MIB(48));
    CHECK(usage_peak() == MIB(64) && usage_headroom() == MIB(48));

    /* Kept and in use: up to the peak, and a sixty-fourth of what is in use. */
    usage_add(USAGE_KEPT_SLABS, MIB(18));
    usage_add(USAGE_KEPT_LARGE, MIB(30));
    CHECK(usage_headroom() == MIB(18) && usage_excess() == 0);
    usage_add(USAGE_KEPT_LARGE, MIB(1));
    CHECK(usage_excess() == MIB(1) - MIB(16) / 64);
    usage_sub(USAGE_KEPT_LARGE, MIB(31));
    usage_sub(USAGE_KEPT_SLABS, MIB(18));

    /* A peak is forgotten after one to two seconds. */
    usage_tick(10000);
    CHECK(usage_peak() == MIB(64));
    usage_tick(10500);
    CHECK(usage_peak() == MIB(64));
    usage_tick(11000);
    CHECK(usage_peak() == MIB(16) && usage_headroom() == 0);
    usage_add(USAGE_IN_USE, MIB(1));
    CHECK(usage_peak() == MIB(17));

    /* Where memory is plenty, twice the margin. */
    usage_add(USAGE_KEPT_LARGE, MIB(1));
    CHECK(usage_excess() == MIB(1) - MIB(17) / 64);
    store_relaxed(&live_policy.margin_shift, MARGIN_SHIFT - 1);
    CHECK(usage_excess() == MIB(1) - MIB(17) / 32);
    usage_sub(USAGE_KEPT_LARGE, MIB(1));
    usage_sub(USAGE_IN_USE, MIB(17));
    test_soft_limit();
    return 0;
}
