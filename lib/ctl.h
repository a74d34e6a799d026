/* SPDX-License-Identifier: MIT */
/* ctl.h - values by name: stats.FIELD, option.NAME, class.N.WHAT (floor F7). */
#ifndef HAK_CTL_H
#define HAK_CTL_H

#include "options.h"

/* Read the value of NAME to *OLD_VALUE, then set it to *NEW_VALUE, where they are not NULL.
 * 0, ENOENT, EPERM (it cannot be set) or EINVAL (not to that; or both are NULL). */
int ctl(const char *name, uint64_t *old_value, const uint64_t *new_value);

/* Name number INDEX, or NULL behind the last. */
const char *ctl_name(size_t index);

/* The name of an option in lower case and without its prefix, and the value in force. */
enum { CTL_OPTION = 40 };
void ctl_option_name(enum option o, char name[CTL_OPTION]);
uint64_t ctl_option_value(enum option o);

#endif
