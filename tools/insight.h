/* SPDX-License-Identifier: MIT */
/* insight.h - what stat and explain both print of a heap. */
#ifndef HAK_TOOL_INSIGHT_H
#define HAK_TOOL_INSIGHT_H

#include "account.h"

void insight_json_head(struct target *t, const struct heap *h);
void insight_json_heap(struct target *t, const struct heap *h);
void insight_json_classes(const struct heap *h);
void insight_json_policy(struct target *t);
void insight_json_options(struct target *t);
void insight_json_failure(struct target *t);

void insight_print_head(struct target *t, const struct heap *h);
void insight_print_heap(struct target *t, const struct heap *h);
void insight_print_options(struct target *t);
void insight_print_failure(struct target *t);

#endif
