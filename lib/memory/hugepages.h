/* SPDX-License-Identifier: MIT */
/* memory/hugepages.h - which superslabs ask for huge pages. Any thread; no lock held. */
#ifndef HAK_HUGEPAGES_H
#define HAK_HUGEPAGES_H

#include "memory/superslab.h"

/* Ask for huge pages in some superslabs that are in use as a whole. */
void huge_promote(void);
/* Take that back for the superslab of SLAB, before a part of it is purged: a huge page cannot lose one. */
void huge_plain_pages(const struct slab *slab);

#endif
