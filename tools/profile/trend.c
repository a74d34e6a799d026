/* SPDX-License-Identifier: MIT */
/* profile/trend.c - the test of Mann and Kendall. */
#include "profile/trend.h"

#include <math.h>

/* n(n - 1)(2n + 5), of all values and of each group of equal ones. */
static double term(double n)
{
    return n * (n - 1) * (2 * n + 5);
}

double trend_p(const double *series, size_t count)
{
    double sum = 0, ties = 0;
    if (count < 4)
        return 1;
    for (size_t i = 0; i < count; i++) {
        size_t before = 0, behind = 0;
        for (size_t k = 0; k < i; k++) {
            sum += (series[i] > series[k]) - (series[i] < series[k]);
            before += series[i] == series[k];
        }
        for (size_t k = i + 1; k < count; k++)
            behind += series[i] == series[k];
        if (!before) /* the first of its group counts it */
            ties += term((double)behind + 1);
    }
    double variance = (term((double)count) - ties) / 18;
    return variance <= 0 ? 1 : erfc((sum - 1) / sqrt(variance) / sqrt(2)) / 2;
}
