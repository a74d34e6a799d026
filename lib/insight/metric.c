/* SPDX-License-Identifier: MIT */
/* insight/metric.c - what a family of OpenMetrics text begins with. */
#include "insight/metric.h"

void metric_head(struct text *p, const char *name, bool counter, bool bytes, const char *help)
{
    static const char *const keys[] = {"# TYPE hakmem_", "# UNIT hakmem_", "# HELP hakmem_"};
    const char *const values[] = {counter ? "counter" : "gauge", "bytes", help};
    for (unsigned i = 0; i < 3; i++) {
        if (i == 1 && !bytes)
            continue;
        text_str(p, keys[i]);
        text_str(p, name);
        text_str(p, " ");
        text_str(p, values[i]);
        text_str(p, "\n");
    }
}
