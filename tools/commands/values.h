/* SPDX-License-Identifier: MIT */
/* commands/values.h - the options of the library. Apart, because its enum option is getopt's structure
 * elsewhere. */
#ifndef HAK_TOOL_VALUES_H
#define HAK_TOOL_VALUES_H

#include <stdbool.h>

/* All of them as PROGRAM gets them (NULL: any program), from CONF (NULL: the usual file) and the environment.
 */
void values_print(const char *conf, const char *program, bool json);

/* Put NAME=VALUE, with or without HAKMEM_ and in any case, into the environment. False after an error. */
bool values_set(const char *text);

#endif
