/* SPDX-License-Identifier: MIT */
/* memory/guardreport.h - what is said of a guarded block: with HAKMEM_GUARD_REPORT=1, on standard error. */
#ifndef HAK_GUARDREPORT_H
#define HAK_GUARDREPORT_H

#include "base/compiler.h"

/* The area was made: faults there are reported from now on, where the option says so and the program has no
 * handler of its own. */
void guardreport_begin(void);

/* P, of the class of guarded blocks, is about to be reported as freed twice, overrun or no block: say whose
 * it was. Nothing where the option does not say so. No lock held. */
COLD void guardreport_block(const void *p);

#endif
