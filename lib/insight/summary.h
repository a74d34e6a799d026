/* SPDX-License-Identifier: MIT */
/* insight/summary.h - what the allocator did and holds, added up. */
#ifndef HAK_SUMMARY_H
#define HAK_SUMMARY_H

#include "insight/statistics.h"

/* Add up this process, but for what is resident. */
void summary_take(struct census *out);

/* The statistics. With RESIDENT the kernel is asked for what is resident, too. */
void summary_get(struct hak_stats *out, bool resident);

/* pid=N, program=NAME, a line for each statistic, process_resident_bytes=N, an empty line. */
void summary_block(int fd);

#endif
