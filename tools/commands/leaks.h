/* SPDX-License-Identifier: MIT */
/* commands/leaks.h - what the parts of hakmem leaks share. */
#ifndef HAK_TOOL_LEAKS_H
#define HAK_TOOL_LEAKS_H

#include "profile/collect.h"
#include "profile/scan.h"

/* Print the stack of the site of A, a function a line. P knows what was printed before. */
void leaks_print_stack(struct profile *p, struct target *t, struct tables *a, uint32_t site);

/* Look for sampled blocks that nothing points to, in the process of C, which is stopped meanwhile if STOP says so: A is
 * read anew. False, with `why`. */
bool leaks_scan(struct collect *c, struct tables *a, bool stop, struct blocks *found);
void leaks_print_unreachable(struct profile *p, struct target *t, struct tables *a,
                             const struct blocks *found);

#endif
