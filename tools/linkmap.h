/* SPDX-License-Identifier: MIT */
/* linkmap.h - the loaded objects of a target in the loader's order, and which of them serves a name. */
#ifndef HAK_TOOL_LINKMAP_H
#define HAK_TOOL_LINKMAP_H

#include "target.h"

struct serving {
    bool dynamic;     /* the program has a loader's list at all */
    unsigned objects; /* in the list */
    bool library;     /* libhakmem is one of them */
    char first[512];  /* the first that defines the name; "" if none does. The program: its path */
    bool is_library;  /* that is libhakmem */
};

/* Who serves SYMBOL to the program and to libraries bound as usual. */
void linkmap_serving(struct target *t, const char *symbol, struct serving *out);

#endif
