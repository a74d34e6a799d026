/* SPDX-License-Identifier: MIT */
/* profile/collect.h - sampling in a running process, switched on and off from outside. */
#ifndef HAK_TOOL_COLLECT_H
#define HAK_TOOL_COLLECT_H

#include "profile/tables.h"
#include "target/inspect.h"

enum collected { COLLECTED, COLLECT_LATER, COLLECT_FAILED };

struct collect {
    struct target target;
    enum heap_mode mode;
    bool ours;      /* it was switched on for this command */
    bool on;        /* it is on, for this command */
    uint32_t epoch; /* of this sampling */
    uint64_t begun_ms;
    struct tables before; /* what was there, where it was on already */
};

/* Attach to PID and switch sampling on, a sample each MEAN bytes (0: as its option says); it ends by itself after
 * SECONDS and a few. Where it is on already, it stays as it is, and what is read later is the difference, or, where
 * SECONDS is 0, all since it began. Anything but COLLECTED leaves a line in c->target.why. */
enum collected collect_begin(struct collect *c, int pid, uint64_t mean, double seconds);

/* Wait for SECONDS, or until a signal says to end (*interrupted), or the process ends. False: it ended. */
bool collect_wait(struct collect *c, double seconds);

/* Switch it off, if it was switched on here; what does not answer is read while it runs. */
void collect_end(struct collect *c);

/* The tables as they are, into P. False, with `why`. */
bool collect_read(struct collect *c, struct profile *p);
/* Read the list of mappings anew. */
void collect_renew(struct collect *c);
void collect_free(struct collect *c);

/* SIGINT, SIGTERM and SIGHUP end a wait, so that sampling is switched off again. */
void collect_catch_signals(void);
bool collect_interrupted(void);

#endif
