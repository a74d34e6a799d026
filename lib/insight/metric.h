/* SPDX-License-Identifier: MIT */
/* insight/metric.h - what a family of OpenMetrics text begins with. In the library and in the command. */
#ifndef HAK_METRIC_H
#define HAK_METRIC_H

#include "base/text.h"

/* TYPE, UNIT and HELP of hakmem_NAME. Samples of a COUNTER have _total behind the name. */
void metric_head(struct text *p, const char *name, bool counter, bool bytes, const char *help);

#endif
