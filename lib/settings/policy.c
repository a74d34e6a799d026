/* SPDX-License-Identifier: MIT */
/* settings/policy.c - the settings in force. */
#include "settings/policy.h"

#include <string.h>

struct live_policy live_policy = {.growth_max = 8,
                                  .growth_step = SUPERSLAB,
                                  .margin_shift = MARGIN_SHIFT,
                                  .tolerance_shift = TOLERANCE_SHIFT};

static_assert(sizeof(struct live_policy) == sizeof(struct policy), "an atomic is as large as its value");

/* As a whole: nobody else reads yet. */
void policy_begin(const struct policy *p)
{
    memcpy((void *)&live_policy, p, sizeof live_policy);
}

/* Lines that every thread reads stay clean unless something changed. */
#define PUBLISH(place, value)                                                                                \
    do {                                                                                                     \
        if (load_relaxed(&(place)) != (value))                                                               \
            store_relaxed(&(place), (value));                                                                \
    } while (0)

void policy_publish(const struct policy *p)
{
#define POLICY_FIELD(type, name) PUBLISH(live_policy.name, p->name);
    POLICY_FIELDS(POLICY_FIELD)
#undef POLICY_FIELD
    for (unsigned c = 0; c < CLASSES; c++) {
#define POLICY_ARRAY(type, name) PUBLISH(live_policy.name[c], p->name[c]);
        POLICY_ARRAYS(POLICY_ARRAY)
#undef POLICY_ARRAY
    }
}
