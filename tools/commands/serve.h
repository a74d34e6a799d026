/* SPDX-License-Identifier: MIT */
/* commands/serve.h - hakmem metrics --listen: the figures by HTTP. */
#ifndef HAK_TOOL_SERVE_H
#define HAK_TOOL_SERVE_H

#include "commands/fleet.h"

/* Serve GET /metrics at ADDRESS, "[ADDRESS:]PORT", until SIGTERM or SIGINT: the exit status. On loopback
 * only: there is no encryption, and nobody is asked who he is. */
int serve(enum fleet_by by, const char *address);

#endif
