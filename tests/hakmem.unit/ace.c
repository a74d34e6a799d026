/* SPDX-License-Identifier: MIT */
/* The engine as a pure function: made-up samples, then series that were recorded (ace-series.h). */
/* { dg-link core asan ubsan } */
#include "check.h"

#include "adapt/ace.h"

struct row {
    unsigned size_class;
    uint32_t refills, drains, slabs;
};
struct recorded {
    uint64_t now_ms, in_use, kept, mapped, grown, others;
    uint32_t threads;
    const struct row *rows; /* ends with class 0 */
};
#include "ace-series.h"

static const struct ace_settings usual = {.number = {[OPT_CACHE_BYTES] = 64 << 10,
                                                     [OPT_RETAIN_BYTES] = 256 << 10,
                                                     [OPT_SS_EMPTY_REUSE] = 1,
                                                     [OPT_LARGE_CACHE_BYTES] = 32 << 20,
                                                     [OPT_PURGE_DELAY] = 500,
                                                     [OPT_HUGE_PAGES] = 1,
                                                     [OPT_ACE] = 1}};

static struct ace_result decide(const struct ace_settings *set, const struct ace_sample *s,
                                struct ace_state *st)
{
    struct ace_result r;
    ace_decide(set, s, st, &r);
    for (unsigned c = 1; c < CLASSES; c++) { /* whatever goes in */
        CHECK(r.policy.magazine[c] >= 1 && r.policy.magazine[c] <= 1024);
        CHECK(r.policy.travelling[c] >= 1 && r.policy.travelling[c] <= 1024);
    }
    CHECK(r.policy.growth_max >= 1 && r.policy.growth_max <= 32);
    CHECK(r.policy.growth_step == SUPERSLAB || r.policy.growth_step == SUPERSLAB / 4);
    return r;
}

/* The first decision, and every one without HAKMEM_ACE, is what the options say. */
static void test_fixed(void)
{
    struct ace_settings set = usual;
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 64, .in_use = MIB(900), .mapped = MIB(910)};
    struct ace_result first = decide(&set, &s, &st);
    CHECK(first.policy.magazine[4] == 256 && first.policy.magazine[CLASS_LAST] == 2);
    CHECK(first.policy.travelling[4] == 256 && first.policy.travelling[64] == 16);
    CHECK(first.policy.retain_bytes == 256 << 10 && first.policy.purge_delay_ms == 500 && !first.quiet);
    set.number[OPT_ACE] = 0;
    s.grown = 1000;
    s.refused = 5;
    for (int i = 0; i < 50; i++) {
        s.now_ms += 150;
        struct ace_result r = decide(&set, &s, &st);
        CHECK(!r.quiet && r.policy.idle_ms == 0 && r.policy.growth_max == 8);
        CHECK(memcmp(r.policy.magazine, first.policy.magazine, sizeof first.policy.magazine) == 0);
    }
}

/* Growth: fast, usual again, tight after a refusal. */
static void test_growth(void)
{
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 1, .in_use = MIB(10), .mapped = MIB(12)};
    decide(&usual, &s, &st);
    s.grown += 8;
    CHECK(decide(&usual, &s, &st).policy.growth_max == 32);
    CHECK(decide(&usual, &s, &st).policy.growth_max == 32);
    CHECK(decide(&usual, &s, &st).policy.growth_max == 8);
    s.refused++;
    s.slabs[7] = 11;
    struct ace_result r = decide(&usual, &s, &st);
    CHECK(r.policy.growth_max == 1 && r.policy.growth_step == SUPERSLAB / 4 && r.policy.soft_cap[7] == 11);
    for (int i = 0; i < 64; i++)
        r = decide(&usual, &s, &st);
    CHECK(r.policy.growth_step == SUPERSLAB && r.policy.soft_cap[7] == 0);
}

/* Huge pages: for a large heap that is dense and does not grow fast. */
static void test_huge(void)
{
    struct ace_settings set = usual;
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 1, .in_use = MIB(95), .mapped = MIB(200)};
    s.slabs[TINY_CLASSES] = 1000;
    s.out[TINY_CLASSES] = 1000 * 60;
    decide(&set, &s, &st);
    CHECK(decide(&set, &s, &st).policy.huge == HUGE_DENSE);
    s.grown += 20;
    CHECK(decide(&set, &s, &st).policy.huge == HUGE_AS_IS);
    decide(&set, &s, &st);
    CHECK(decide(&set, &s, &st).policy.huge == HUGE_DENSE);
    s.out[TINY_CLASSES] = 1000 * 50; /* of 63 in a slab */
    CHECK(decide(&set, &s, &st).policy.huge == HUGE_AS_IS);
    s.out[TINY_CLASSES] = 1000 * 60;
    s.kept = MIB(20);
    CHECK(decide(&set, &s, &st).policy.huge == HUGE_AS_IS);
    s.kept = 0;
    s.in_use = MIB(60); /* dense, but small */
    CHECK(decide(&set, &s, &st).policy.huge == HUGE_AS_IS);
    set.number[OPT_HUGE_PAGES] = 0;
    s.in_use = s.mapped = MIB(200);
    CHECK(decide(&set, &s, &st).policy.huge == HUGE_NEVER);
    set.number[OPT_HUGE_PAGES] = 2;
    CHECK(decide(&set, &s, &st).policy.huge == HUGE_GROWTH);
}

/* A class that thrashes gets more, if the heap is large enough for it; later it gets less again. */
static void test_boost(void)
{
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 1, .in_use = MIB(100), .mapped = MIB(150)};
    struct ace_result r = decide(&usual, &s, &st);
    for (int i = 0; i < 8; i++) {
        s.now_ms += 150;
        s.refills[4] += 100;
        s.drains[4] += 100;
        s.refills[5] += 100; /* only grows */
        r = decide(&usual, &s, &st);
    }
    CHECK(r.policy.magazine[4] == 1024 && r.policy.magazine[5] == 256);
    for (int i = 0; i < 200; i++) {
        s.now_ms += 150;
        r = decide(&usual, &s, &st);
    }
    CHECK(r.policy.magazine[4] == 256);
    struct ace_state small = {0};
    s.in_use = MIB(1) / 4;
    for (int i = 0; i < 8; i++) {
        s.refills[4] += 100;
        s.drains[4] += 100;
        r = decide(&usual, &s, &small);
    }
    CHECK(r.policy.magazine[4] == 256);
}

/* Many threads in a small heap get smaller magazines, and few get theirs back. */
static void test_threads(void)
{
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 1000, .in_use = MIB(20), .mapped = MIB(20)};
    decide(&usual, &s, &st);
    for (unsigned c = 1; c <= 10; c++)
        s.refills[c] += 10;
    struct ace_result r = decide(&usual, &s, &st);
    CHECK(r.policy.travelling[TINY_CLASSES] == 2 && r.policy.magazine[TINY_CLASSES] == 2);
    s.in_use = MIB(2000);
    for (unsigned c = 1; c <= 10; c++)
        s.refills[c] += 10;
    CHECK(decide(&usual, &s, &st).policy.travelling[TINY_CLASSES] == 16);
    s.in_use = MIB(20);
    s.threads = 8;
    CHECK(decide(&usual, &s, &st).policy.travelling[TINY_CLASSES] == 16);
}

/* Patience with quiet times: more where they are short, less again after a long one. */
static void test_quiet(void)
{
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 1, .in_use = MIB(100), .mapped = MIB(150)};
    unsigned waited[6];
    decide(&usual, &s, &st);
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 3; i++) {
            s.now_ms += 150;
            s.refills[4] += 1000;
            CHECK(!decide(&usual, &s, &st).quiet);
        }
        uint64_t began = s.now_ms;
        do
            s.now_ms += 150;
        while (!decide(&usual, &s, &st).quiet);
        waited[round] = (unsigned)(s.now_ms - began);
        if (round >= 3)
            for (int i = 0; i < 100; i++) {
                s.now_ms += 150;
                CHECK(decide(&usual, &s, &st).quiet);
            }
    }
    CHECK(waited[0] >= 500 && waited[0] < 700 && waited[1] >= 1000 && waited[2] >= 2000 && waited[3] >= 4000);
    CHECK(waited[4] < 2300 && waited[5] < 1300);
}

/* Caps of the program are obeyed; near the limit every class is capped where it is. */
static void test_caps(void)
{
    struct ace_settings set = usual;
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 1, .in_use = MIB(60), .mapped = MIB(64)};
    set.cap[9] = 5;
    s.slabs[9] = 20;
    s.slabs[10] = 30;
    decide(&set, &s, &st);
    struct ace_result r = decide(&set, &s, &st);
    CHECK(r.policy.soft_cap[9] == 5 && r.policy.soft_cap[10] == 0);
    set.number[OPT_LIMIT_BYTES] = MIB(66);
    r = decide(&set, &s, &st);
    CHECK(r.policy.soft_cap[9] == 5 && r.policy.soft_cap[10] == 30 && r.policy.soft_cap[11] == 1);
}

/* The lower of the soft limits is in force, that of the control group without HAKMEM_ACE never; near it classes
 * are capped, and what is kept does not wait. */
static void test_soft_limit(void)
{
    struct ace_settings set = usual;
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 1, .in_use = MIB(60), .mapped = MIB(900)};
    s.slabs[10] = 30;
    decide(&set, &s, &st);
    CHECK(decide(&set, &s, &st).policy.soft_limit_bytes == 0);
    set.group_bytes = MIB(80);
    CHECK(decide(&set, &s, &st).policy.soft_limit_bytes == MIB(80));
    set.number[OPT_SOFT_LIMIT_BYTES] = MIB(90);
    CHECK(decide(&set, &s, &st).policy.soft_limit_bytes == MIB(80));
    set.number[OPT_SOFT_LIMIT_BYTES] = MIB(70);
    struct ace_result r = decide(&set, &s, &st);
    CHECK(r.policy.soft_limit_bytes == MIB(70) && r.policy.soft_cap[10] == 0 &&
          r.policy.purge_delay_ms == 500);
    s.in_use = MIB(62);
    r = decide(&set, &s, &st);
    CHECK(r.policy.soft_cap[10] == 30 && r.policy.purge_delay_ms == ACE_TICK_MS);
    CHECK(r.policy.limit_bytes == 0);
    set.number[OPT_ACE] = 0;
    CHECK(decide(&set, &s, &st).policy.soft_limit_bytes == MIB(70));
    set.number[OPT_SOFT_LIMIT_BYTES] = 0;
    CHECK(decide(&set, &s, &st).policy.soft_limit_bytes == 0);
}

/* Under pressure nothing waits, then caches shrink; where memory is plenty, more is kept. Not without the engine. */
static void test_pressure(void)
{
    struct ace_settings set = usual;
    struct ace_state st = {0};
    struct ace_sample s = {.now_ms = 1000, .threads = 1, .in_use = MIB(60), .mapped = MIB(64)};
    const struct policy none = decide(&set, &s, &st).policy;
    CHECK(none.pressure == PRESSURE_NONE && none.margin_shift == 6 && none.tolerance_shift == 4);
    set.plenty = true;
    struct policy p = decide(&set, &s, &st).policy;
    CHECK(p.pressure == PRESSURE_NONE && p.margin_shift == 5 && p.tolerance_shift == 3);
    CHECK(p.purge_delay_ms == none.purge_delay_ms);
    set.pressure = PRESSURE_SOME;
    p = decide(&set, &s, &st).policy;
    CHECK(p.pressure == PRESSURE_SOME && p.margin_shift == 6 && p.tolerance_shift == 4 &&
          p.purge_delay_ms == 0);
    CHECK(memcmp(p.magazine, none.magazine, sizeof p.magazine) == 0);
    set.pressure = PRESSURE_FULL;
    p = decide(&set, &s, &st).policy;
    CHECK(p.pressure == PRESSURE_FULL && p.purge_delay_ms == 0 && p.idle_ms == ACE_TICK_MS);
    CHECK(none.magazine[4] == 256 && p.magazine[4] == 32 && p.travelling[4] == 32 &&
          p.magazine[CLASS_LAST] == 1);
    set.number[OPT_ACE] = 0;
    p = decide(&set, &s, &st).policy;
    CHECK(p.pressure == PRESSURE_NONE && p.magazine[4] == 256 && p.margin_shift == 6 &&
          p.purge_delay_ms == 500);
}

/* Whatever is counted, also backwards or wrapped: no decision out of its bounds (decide checks). */
static void test_anything(void)
{
    uint64_t state = 4711;
    struct ace_state st = {0};
    struct ace_settings set = usual;
    for (int i = 0; i < 3000; i++) {
        struct ace_sample s;
        unsigned char *bytes = (unsigned char *)&s;
        for (size_t n = 0; n < sizeof s; n++)
            bytes[n] = (unsigned char)(next_random(&state) >> 33);
        s.threads &= 0xffff;
        set.number[OPT_LIMIT_BYTES] = next_random(&state);
        set.number[OPT_SOFT_LIMIT_BYTES] = next_random(&state);
        set.group_bytes = next_random(&state);
        set.pressure = next_random(&state) % (PRESSURE_FULL + 1);
        set.plenty = next_random(&state) & 1;
        set.number[OPT_CACHE_BYTES] = next_random(&state) & MIB(1);
        decide(&set, &s, &st);
    }
}

/* --- Recorded series -----------------------------------------------------------------------------*/

struct seen {
    unsigned quiet, fast, huge, boosted; /* decisions */
    uint16_t least_travel, last_travel;  /* magazines of 1 KiB blocks */
    unsigned quiet_at_end;
};

static struct seen play(const struct recorded *series, size_t n)
{
    struct seen seen = {.least_travel = UINT16_MAX};
    struct ace_state st = {0};
    for (size_t i = 0; i < n; i++) {
        const struct recorded *in = &series[i];
        struct ace_sample s = {.now_ms = in->now_ms,
                               .in_use = in->in_use,
                               .kept = in->kept,
                               .mapped = in->mapped,
                               .grown = in->grown,
                               .others = in->others,
                               .threads = in->threads};
        for (const struct row *row = in->rows; row->size_class; row++) {
            s.refills[row->size_class] = row->refills;
            s.drains[row->size_class] = row->drains;
            s.slabs[row->size_class] = row->slabs;
        }
        struct ace_result r = decide(&usual, &s, &st);
        seen.quiet += r.quiet;
        seen.quiet_at_end = r.quiet ? seen.quiet_at_end + 1 : 0;
        seen.fast += r.policy.growth_max == 32;
        seen.huge += r.policy.huge != HUGE_AS_IS;
        for (unsigned c = 1; c < CLASSES; c++)
            if (r.policy.magazine[c] * class_size(c) > usual.number[OPT_CACHE_BYTES]) {
                seen.boosted++;
                break;
            }
        seen.last_travel = r.policy.travelling[TINY_CLASSES];
        if (seen.last_travel < seen.least_travel)
            seen.least_travel = seen.last_travel;
    }
    return seen;
}
#define PLAY(series) play(series, sizeof series / sizeof series[0])

int main(void)
{
    test_fixed();
    test_growth();
    test_huge();
    test_boost();
    test_threads();
    test_quiet();
    test_caps();
    test_soft_limit();
    test_pressure();
    test_anything();

    /* 100 MB in bursts, then hardly anything. */
    struct seen burst = PLAY(series_burst);
    CHECK(burst.fast >= 1 && burst.boosted >= 1 && burst.quiet >= 5 && burst.quiet_at_end >= 5);
    /* Replacement in one range of sizes after the other: quiet only where the caches serve it all. */
    struct seen shift = PLAY(series_shift);
    CHECK(shift.quiet <= 6 && shift.quiet_at_end == 0);
    /* 2 threads, 64, and 2 again: what all of them may cache is little beside what they use. */
    struct seen swell = PLAY(series_swell);
    CHECK(swell.least_travel == 16 && swell.last_travel == 16);
    return 0;
}
