/* SPDX-License-Identifier: MIT */
/* profile/functions.h - a profile by functions. */
#ifndef HAK_TOOL_FUNCTIONS_H
#define HAK_TOOL_FUNCTIONS_H

#include "profile/profile.h"

/* What a function asked for itself, and with all that it called. Itself: the innermost one that does not only
 * hand memory on. */
struct function {
    uint32_t name; /* text */
    double flat[TYPES], total[TYPES];
};

struct functions {
    struct function *of;
    size_t count;
};

void functions_take(struct functions *f, struct profile *p);
/* By what they asked for themselves, the most first; then by the total. Less than nothing counts as much. */
void functions_sort(struct functions *f, enum value by);
void functions_free(struct functions *f);

#endif
