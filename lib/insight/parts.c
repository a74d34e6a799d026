/* SPDX-License-Identifier: MIT */
/* insight/parts.c - the library's data, described for the hakmem command. */
#include "base/layout.h"

#include "config.h"

#define PART(part) layout_##part,
EXPORT const struct hak_layout hak_layout = {
    .magic = LAYOUT_MAGIC,
    .format = LAYOUT_FORMAT,
    .row_size = sizeof(struct layout_row),
    .parts = sizeof hak_layout.part / sizeof hak_layout.part[0],
    .version = PACKAGE_VERSION,
    .self = &hak_layout,
    .part = {LAYOUT_PARTS(PART)},
};
