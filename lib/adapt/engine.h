/* SPDX-License-Identifier: MIT */
/* adapt/engine.h - the adaptive engine of this process: samples and decisions. */
#ifndef HAK_ENGINE_H
#define HAK_ENGINE_H

#include "adapt/ace.h"

/* Once, before the heap is used: the policy that the options ask for. */
void engine_start(void);

/* Let the engine decide if that is due. Never called with a lock held. */
void engine_tick(uint64_t now_ms);

/* The settings, with the ENGINE lock held until engine_release. engine_decide publishes what follows from a
 * change. */
struct ace_settings *engine_settings(void);
void engine_decide(void);
void engine_release(void);

/* What there is to know now. */
void engine_sample(struct ace_sample *s, uint64_t now_ms);

/* Nothing much comes by the pool: what is free in it may go. */
bool engine_quiet(void);

/* How many decisions there were, and the last one. */
uint64_t engine_last(struct ace_result *result, struct ace_state *state);

#endif
