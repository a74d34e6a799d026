/* SPDX-License-Identifier: MIT */
/* insight/validate.h - the whole-structure validator. */
#ifndef HAK_VALIDATE_H
#define HAK_VALIDATE_H

/* Check all floors; one line on standard error for each of the first ten faults. Returns their
 * number. Locks are taken one floor at a time: other threads may go on, but a fault is only certain
 * while they are idle. */
int validate_heap(void);

#endif
