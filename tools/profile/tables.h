/* SPDX-License-Identifier: MIT */
/* profile/tables.h - the tables of sampled allocations (lib/events/samples.h), copied from a process. */
#ifndef HAK_TOOL_TABLES_H
#define HAK_TOOL_TABLES_H

#include "profile/profile.h"
#include "target/target.h"

struct tables {
    struct samples head;
    uint64_t *words;
    struct sample_site *sites; /* this and the others by the indices of the tables: [0] is not used */
    struct sample_module *modules;
    struct sample *live;
    uint32_t sites_count, modules_count;
    size_t words_count, live_count;
    uint32_t known[SAMPLE_MODULES]; /* numbers in the one profile that it all goes to, of those met */
    bool met[SAMPLE_MODULES];
    bool torn;        /* they changed while they were read */
    uint64_t strange; /* what made no sense, left out */
    uint64_t at_ms;   /* CLOCK_MONOTONIC, when they were read */
};

/* Copy the tables of T, those of LIVE blocks too if it is wanted. False, with `why`. */
bool tables_read(struct target *t, struct tables *out, bool live);
void tables_free(struct tables *a);

/* Add what A says, less what BEFORE said if that is not NULL, to P, which knows the process. */
void tables_add(struct profile *p, struct target *t, struct tables *a, const struct tables *before);

/* The stack of P for the site INDEX of A: locations in *STACK, grown; their number, 0 if it makes no sense. */
struct frames {
    uint32_t *of;
    size_t room;
};
uint32_t tables_stack(struct profile *p, struct target *t, struct tables *a, uint32_t index,
                      struct frames *stack, bool *complete);

/* How many allocations one sample of the site stands for. */
double tables_weight(const struct tables *a, const struct sample_site *site);

/* CLOCK_MONOTONIC in milliseconds, as the tables have it. */
uint64_t now_ms(void);

#endif
