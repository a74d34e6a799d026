/* SPDX-License-Identifier: MIT */
/* text.h - numbers for readers. */
#ifndef HAK_TOOL_TEXT_H
#define HAK_TOOL_TEXT_H

#include <stdint.h>

/* "820", "16.0K", "1.2M": seven columns at most. The text stays until eight more were made. */
const char *text_bytes(uint64_t bytes);

/* PART of WHOLE, "12.3%". As text_bytes. */
const char *text_share(uint64_t part, uint64_t whole);

/* TEXT without what a terminal would obey: programs choose their names. As text_bytes, 511 bytes at most. */
const char *text_plain(const char *text);

#endif
