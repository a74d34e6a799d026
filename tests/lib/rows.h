/* SPDX-License-Identifier: MIT */
/* rows.h - what hak_layout tells of the library's structures, by name. */
#ifndef ROWS_H
#define ROWS_H

#include "check.h"
#include "base/layout.h"

#undef hak_layout

static UNUSED uint64_t row(const char *name)
{
    const struct hak_layout *layout = dlsym(RTLD_DEFAULT, "hak_layout");
    for (uint32_t i = 0; layout && i < layout->parts; i++)
        for (const struct layout_row *r = layout->part[i]; r->name[0]; r++)
            if (strncmp(r->name, name, sizeof r->name) == 0)
                return r->value;
    dprintf(2, "no row %s\n", name);
    _exit(2);
}

/* Offset of a field. */
static UNUSED uint64_t offset(const char *name)
{
    return row(name) & UINT32_MAX;
}

#endif
