/* SPDX-License-Identifier: MIT */
/* profile/symbols.h - names for addresses: from symbol tables and debug information, by elfutils' libdw. */
#ifndef HAK_TOOL_SYMBOLS_H
#define HAK_TOOL_SYMBOLS_H

#include "profile/profile.h"

/* Look up the locations of P that have no lines yet. PID's own map of code that it made at run time
 * (/tmp/perf-PID.map) is read where it belongs to the same user; 0: none. */
void symbols_find(struct profile *p, int pid);

/* NAME as C++ and Rust write it, where the C++ library is here to tell: allocated. */
char *demangled(const char *name);

#endif
