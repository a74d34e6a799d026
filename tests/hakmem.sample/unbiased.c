/* SPDX-License-Identifier: MIT */
/* A program that only hits its cache, of four functions that allocate by turns: each is sampled as often as
 * its bytes want, by chi-square over a million samples, and so is each of two that allocate strictly in
 * turn. */
/* { dg-timeout 300 } */
#include "profile.h"

enum { SITES = 4, CALLS = 3000000, MEAN = 256, CODE = 400 };
static const size_t size_of[SITES] = {16, 48, 160, 496};

#define NOINLINE __attribute__((noinline, noclone, aligned(512)))
#define SITE(n)                                                                                              \
    NOINLINE static void site_##n(void **slot)                                                               \
    {                                                                                                        \
        *slot = malloc(size_of[n]);                                                                          \
        __asm__ volatile("" : : "r"(slot) : "memory");                                                       \
    }
SITE(0) SITE(1) SITE(2) SITE(3) NOINLINE static void first(void **slot)
{
    *slot = malloc(100);
    __asm__ volatile("" : : "r"(slot) : "memory");
}
NOINLINE static void second(void **slot)
{
    *slot = malloc(100);
    __asm__ volatile("" : : "r"(slot) : "memory");
}

typedef void site_function(void **slot);
static site_function *const site[SITES] = {site_0, site_1, site_2, site_3};

static char path[64];

/* exp(-x), without libm. */
static double exp_minus(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; k < 60; k++)
        sum += term *= -x / k;
    return sum;
}

/* How far N samples of CALLS requests are from what is expected, squared, in its variance. */
static double distance(unsigned long n, unsigned long calls, size_t size)
{
    double p = 1 - exp_minus((double)size / MEAN), expected = p * (double)calls;
    return ((double)n - expected) * ((double)n - expected) / (expected * (1 - p));
}

static void by_turns(void)
{
    unsigned long calls[SITES] = {0};
    uint64_t state = 88172645463325252u;
    void *slot[8] = {0};
    CHECK(hak_profile_start(MEAN) == 0);
    for (int i = 0; i < CALLS; i++) {
        uint64_t r = next_random(&state);
        int which = (int)(r >> 8 & (SITES - 1));
        free(slot[r & 7]);
        site[which](&slot[r & 7]);
        calls[which]++;
    }
    CHECK(hak_profile_stop() == 0 && hak_profile_dump(path) == 0);
    CHECK(profile_number(path, "dropped") == 0);
    double chi = 0;
    unsigned long samples = 0;
    for (int i = 0; i < SITES; i++) {
        struct site s = profile_sum(path, (void *)site[i], CODE);
        chi += distance(s.samples, calls[i], size_of[i]);
        samples += s.samples;
        double off = (double)s.all / (double)calls[i] - 1;
        double bytes_off = (double)s.all_bytes / (double)(calls[i] * size_of[i]) - 1;
        CHECK(off * off * (double)s.samples < 49 && bytes_off * bytes_off * (double)s.samples < 49);
    }
    dprintf(1, "%lu samples, chi-square %f\n", samples, chi);
    CHECK(samples > 1000000 && chi < 40); /* of four degrees: one in 10^7 */
}

static void in_turn(void)
{
    void *a = NULL, *b = NULL;
    CHECK(hak_profile_start(MEAN) == 0);
    for (int i = 0; i < CALLS / 4; i++) {
        first(&a);
        second(&b);
        free(a);
        free(b);
    }
    CHECK(hak_profile_stop() == 0 && hak_profile_dump(path) == 0);
    unsigned long n = profile_sum(path, (void *)first, CODE).samples;
    unsigned long m = profile_sum(path, (void *)second, CODE).samples;
    dprintf(1, "%lu and %lu\n", n, m);
    CHECK(distance(n, CALLS / 4, 112) < 28 && distance(m, CALLS / 4, 112) < 28);
}

int main(void)
{
    snprintf(path, sizeof path, "unbiased.%d.heap", (int)getpid());
    by_turns();
    in_turn();
    unlink(path);
    return 0;
}
