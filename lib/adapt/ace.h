/* SPDX-License-Identifier: MIT */
/* adapt/ace.h - the adaptive engine: settings and what was counted in, a policy out.
 *
 * A pure function of its arguments: it reads no clock and calls nobody, so that recorded series of
 * samples can be played to it. The engine of the process (engine.h) takes the samples and publishes
 * the policy; mechanisms read only that. */
#ifndef HAK_ACE_H
#define HAK_ACE_H

#include "base/sizeclass.h"
#include "settings/options.h"
#include "settings/policy.h"

/* What the options and hak_ctl say, and what the system says of its memory (pressure.h). */
struct ace_settings {
    uint64_t number[OPT_COUNT]; /* as at start, and those that may change since then: as set last */
    uint32_t cap[CLASSES];      /* hak_policy_set_cap: slabs; 0 none */
    uint64_t group_bytes;       /* that the control group may have; 0: no limit, or not known */
    uint32_t pressure;          /* enum policy_pressure */
    bool plenty;                /* nobody has waited for memory for long */
};

/* One look at the process. Counts are of events since its start. */
struct ace_sample {
    uint64_t now_ms;
    uint64_t in_use;  /* bytes of ACTIVE slabs, spans and live large mappings */
    uint64_t kept;    /* of EMPTY slabs and cached large mappings */
    uint64_t mapped;  /* of superslabs and large mappings */
    uint64_t grown;   /* superslabs mapped */
    uint64_t refused; /* mappings the system refused */
    uint64_t others;  /* spans and large mappings handed out by the shared floors */
    uint32_t threads;
    uint32_t refills[CLASSES]; /* magazines filled from slabs */
    uint32_t drains[CLASSES];  /* magazines returned to slabs */
    uint32_t slabs[CLASSES];   /* ACTIVE now */
    uint32_t out[CLASSES];     /* blocks in use or in caches, in those slabs */
};

enum {
    ACE_TICK_MS = 150,
    ACE_PATIENCE_MAX_MS = 16000 /* a longer quiet time is always taken for one */
};

/* What the engine remembers from one decision to the next; zero at first. */
struct ace_state {
    bool started;
    struct ace_sample last;
    uint32_t busiest;        /* events in the busiest interval, fading */
    uint32_t quiet_ms;       /* how long there were hardly any */
    uint32_t patience_ms;    /* how long that must last before pages go */
    bool was_quiet;          /* it did, and they do */
    uint32_t tight_ticks;    /* decisions for which memory stays tight */
    uint32_t fast_ticks;     /* decisions for which growth stays fast */
    uint8_t calm[CLASSES];   /* decisions in a row without any of that */
    uint8_t boost[CLASSES];  /* magazines are 2^boost times their size by bytes */
    uint8_t thrash[CLASSES]; /* decisions in a row in which the class refilled and drained */
};

struct ace_result {
    struct policy policy;
    bool quiet; /* hardly anything comes by the pool: free pages inside partial slabs may go */
};

/* The policy before anything was counted: what the settings say. */
void ace_begin(const struct ace_settings *settings, struct policy *out);

void ace_decide(const struct ace_settings *settings, const struct ace_sample *now, struct ace_state *state,
                struct ace_result *out);

#endif
