/* SPDX-License-Identifier: MIT */
/* adapt/sampling.h - when allocations are sampled (events/samples.h): from the start, by a call of the
 * program, or as the hakmem command asks from outside. */
#ifndef HAK_SAMPLING_H
#define HAK_SAMPLING_H

#include "cache/sampler.h"

/* Begin: a sample each MEAN bytes (0: as the option says), for so many SECONDS (0: until it is ended).
 * False: it is on already, or there is no memory for the tables. No lock held, inside the gate. It is ended
 * by samples_end. */
bool sampling_begin(uint64_t mean, uint64_t seconds, uint64_t now_ms);

/* What was asked from outside. Any thread that holds no lock. */
void sampling_serve(void);

/* Once a tick: the same, what is over ends, and threads that have not noticed are sent to look. */
void sampling_tick(uint64_t now_ms);

#endif
