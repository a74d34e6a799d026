/* SPDX-License-Identifier: MIT */
/* base/auxv.h - what the kernel told the process when it started. */
#ifndef HAK_AUXV_H
#define HAK_AUXV_H

#include "base/compiler.h"

/* The value of TYPE (AT_PAGESZ, ...), 0 if there is none. Any thread, at any time. */
unsigned long auxv_get(unsigned long type);

/* Is the loader the C library's that this was built for? Others give constructors no arguments. */
bool auxv_known_loader(void);

#endif
