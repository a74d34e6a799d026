/* SPDX-License-Identifier: MIT */
/* insight/format.h - statistics as text, JSON, OpenMetrics and glibc's XML. */
#ifndef HAK_FORMAT_H
#define HAK_FORMAT_H

#include "base/text.h"

/* Write to FD in FORMAT, one of enum hak_format. 0, or an errno. */
int format_print(int fd, unsigned format);

/* The document of malloc_info(3). 0, or an errno. */
int format_xml(text_put *put, void *to);

/* What glibc's document and mallinfo tell of memory that is not large mappings. */
struct hak_stats;
struct format_arena {
    size_t held;                     /* slabs and spans, the kept ones too */
    size_t live, fast, rest;         /* bytes: in use, in caches, free elsewhere; their sum is `held` */
    size_t fast_blocks, rest_blocks; /* their numbers; an EMPTY slab or kept span counts as one */
};
struct format_arena format_arena(const struct hak_stats *s);

#endif
