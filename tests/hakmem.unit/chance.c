/* SPDX-License-Identifier: MIT */
/* The distance to the next sample is geometric: a chi-square test over a million draws for requests far
 * below the mean, near it and above it, and the mean itself. One false alarm in a million runs. */
#include "check.h"

#include "cache/chance.h"

enum { DRAWS = 1000000, CELLS = 20 };

/* The upper end of chi-square with CELLS - 1 degrees of freedom that one in 10^7 passes. */
static const double most = 69.0;

static struct chance ch;

/* exp(-x) without libm, which the tests are not linked with. */
static double exp_minus(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; k < 60; k++)
        sum += term *= -x / k;
    return sum;
}

/* Cell I holds distances from I * WIDTH on, the last one all beyond. */
static void is_geometric(size_t size, uint64_t mean)
{
    static long found[CELLS];
    double none = exp_minus((double)size / (double)mean), chi = 0, total = 0;
    uint64_t width = mean / size / 5 + 1;
    memset(found, 0, sizeof found);
    ch.mean = mean;
    for (int i = 0; i < DRAWS; i++) {
        uint64_t n = chance_distance(&ch, size), cell = n / width;
        found[cell < CELLS ? cell : CELLS - 1]++;
        total += (double)n;
    }
    double stays = 1, tail = 1;
    for (uint64_t i = 0; i < width; i++)
        stays *= none;
    for (int i = 0; i < CELLS; i++) {
        double expected = DRAWS * (i == CELLS - 1 ? tail : tail * (1 - stays));
        if (expected > 5)
            chi += ((double)found[i] - expected) * ((double)found[i] - expected) / expected;
        tail *= stays;
    }
    double is = total / DRAWS, wants = none / (1 - none), error = (1 + wants) * 6 / 1000;
    if (chi > most || is < wants - error || is > wants + error)
        dprintf(2, "size %zu mean %llu: chi-square %f, mean distance %f for %f\n", size,
                (unsigned long long)mean, chi, is, wants);
    CHECK(chi <= most && is >= wants - error && is <= wants + error);
}

int main(void)
{
    uint64_t seed = (uint64_t)(uintptr_t)&seed ^ (uint64_t)getpid() << 32;
    chance_seed(&ch, seed);
    is_geometric(16, 524288);
    is_geometric(1008, 524288);
    is_geometric(32768, 524288);
    is_geometric(400, 1000);
    is_geometric(1024, 1024);
    is_geometric(2048, 1024);
    CHECK(chance_weight(1) == 1 && chance_weight(16) == 16 && chance_weight(17) == 18);
    CHECK(chance_weight(40000) == 40960 && chance_weight(1 << 20) == 1 << 20);
    return 0;
}
