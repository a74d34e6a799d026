/* SPDX-License-Identifier: MIT */
/* profile/trend.h - does a series only grow? */
#ifndef HAK_TOOL_TREND_H
#define HAK_TOOL_TREND_H

#include <stddef.h>

/* The test of Mann and Kendall, one-sided: how likely at least so many pairs of the COUNT values of SERIES ascend,
 * were their order of chance. By the normal approximation, with the correction for ties; 1 for less than 4 values. */
double trend_p(const double *series, size_t count);

#endif
