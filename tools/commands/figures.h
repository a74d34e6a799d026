/* SPDX-License-Identifier: MIT */
/* commands/figures.h - what the processes of a command left of figures, and which left none. */
#ifndef HAK_TOOL_FIGURES_H
#define HAK_TOOL_FIGURES_H

#include "commands/offspring.h"

/* Print on standard error what TEXT, the blocks of a statistics file, tells of NAME, which process PID began
 * as, and of the others in F. */
void figures_print(const char *name, const char *text, int pid, const struct family *f);

#endif
