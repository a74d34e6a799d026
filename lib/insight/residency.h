/* SPDX-License-Identifier: MIT */
/* insight/residency.h - which of the memory the library holds is resident, and whose it is. */
#ifndef HAK_RESIDENCY_H
#define HAK_RESIDENCY_H

#include "insight/census.h"

/* Ask the kernel about every page, without a lock: a moment's picture, and one system call for each superslab
 * and for each 2 MiB of large mappings. C is what was added up just before. Pages that were only ever read
 * are the kernel's zero page, which it calls resident. */
void residency_get(struct account *out, const struct census *c);

#endif
