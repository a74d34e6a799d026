/* SPDX-License-Identifier: MIT */
/* insight/byname.h - values by name: stats.FIELD, option.NAME, class.N.WHAT. */
#ifndef HAK_BYNAME_H
#define HAK_BYNAME_H

#include "settings/options.h"

/* Read the value of NAME to *OLD_VALUE, then set it to *NEW_VALUE, where they are not NULL.
 * 0, ENOENT, EPERM (it cannot be set) or EINVAL (not to that; or both are NULL). */
int ctl(const char *name, uint64_t *old_value, const uint64_t *new_value);

/* Name number INDEX, or NULL behind the last. */
const char *byname_name(size_t index);

/* The name of an option in lower case and without its prefix, and the value in force. */
enum { CTL_OPTION = 40 };
void byname_option_name(enum option o, char name[CTL_OPTION]);
uint64_t byname_option_value(enum option o);

#endif
