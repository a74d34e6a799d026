/* SPDX-License-Identifier: MIT */
/* commands/report.h - what stat and explain both print of a heap. */
#ifndef HAK_TOOL_REPORT_H
#define HAK_TOOL_REPORT_H

#include "settings/policy.h"
#include "target/inspect.h"

void report_json_head(struct target *t, const struct heap *h);
void report_json_heap(const struct heap *h);
void report_json_classes(const struct heap *h);
void report_json_policy(struct target *t);
bool report_policy(struct target *t, struct live_policy *out);
void report_json_options(struct target *t);
void report_json_failure(struct target *t);
void report_json_helper(struct target *t, const struct heap *h);

void report_print_head(struct target *t, const struct heap *h);
void report_print_heap(const struct heap *h);
void report_print_options(struct target *t);
void report_print_failure(struct target *t);
void report_print_helper(struct target *t, const struct heap *h);

#endif
