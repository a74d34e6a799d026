/* SPDX-License-Identifier: MIT */
/* common/units.h - numbers for readers. */
#ifndef HAK_TOOL_UNITS_H
#define HAK_TOOL_UNITS_H

#include <stdint.h>

/* "820", "16.0K", "1.2M": seven columns at most. The text stays until eight more were made. */
const char *units_bytes(uint64_t bytes);

/* PART of WHOLE, "12.3%". As units_bytes. */
const char *units_share(uint64_t part, uint64_t whole);

/* TEXT without what a terminal would obey: programs choose their names. As units_bytes, 511 bytes at most. */
const char *units_plain(const char *text);

#endif
