/* SPDX-License-Identifier: MIT */
/* commands/fleet.h - figures of all processes that use the library, as text for Prometheus. */
#ifndef HAK_TOOL_FLEET_H
#define HAK_TOOL_FLEET_H

#include <stddef.h>

enum fleet_by { BY_PID, BY_UNIT, BY_PROGRAM };

/* Look at all processes now: the text, allocated, and its length. It is OpenMetrics 1.0, and can be read as
 * the text format of Prometheus (0.0.4), too: there counters have no type, as their samples are named
 * NAME_total and OpenMetrics wants the type of NAME. Hence no type that only one of the two has. */
char *fleet_text(enum fleet_by by, size_t *length);

#endif
