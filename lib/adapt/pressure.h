/* SPDX-License-Identifier: MIT */
/* adapt/pressure.h - what the system says of its memory, and what follows: less is kept, or more.
 *
 * By pressure stall information of the control group, or of the machine: how long tasks have waited for
 * memory. The group's limits bound what is kept, as a soft limit does. All of it opens files, and is the
 * helper's alone: one thread at a time, which has a descriptor table of its own, so that the program neither
 * sees nor closes what is open. */
#ifndef HAK_PRESSURE_H
#define HAK_PRESSURE_H

#include "base/compiler.h"

/* The helper has begun: open what there is. In the child of fork nothing is open that another helper had.
 *
 * From then on files are read, and none is opened: a sandbox may forbid that. */
void pressure_begin(void);

/* The helper is about to rest or to end: nobody looks any more, so nothing is known but the limits. */
void pressure_end(void);

/* In the child of fork, which has no helper yet, and perhaps never: pressure ends with the next decision. */
void pressure_forget(void);

/* Look, tell the engine what changed, and give back what must not be kept. Called a few times a second while
 * the process is active, outside the gate, with no lock held. */
void pressure_level(uint64_t now_ms);

#endif
