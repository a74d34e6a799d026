/* SPDX-License-Identifier: MIT */
/* heap/tunable.c - what a program may change while it runs. */
#include "heap/tunable.h"

#include <errno.h>

#include "base/bits.h"
#include "base/clock.h"
#include "memory/granules.h"
#include "adapt/engine.h"
#include "adapt/sampling.h"
#include "heap/heap.h"

uint64_t tunable_get(enum option o)
{
    hak_start(); /* before the options are read, there are no values */
    uint64_t value = engine_settings()->number[o];
    engine_release();
    return value;
}

enum tunable_status tunable_set(enum option o, uint64_t value)
{
    const struct option_row *row = &option_rows[o];
    if (row->when != WHEN_RUNNING)
        return TUNABLE_FIXED;
    if (value < row->min || value > row->max)
        return TUNABLE_RANGE;
    hak_start(); /* or the options would come later, and win */
    engine_settings()->number[o] = value;
    engine_decide();
    engine_release();
    return TUNABLE_OK;
}

size_t tunable_purge(void)
{
    return heap_purge("hak_purge");
}

int tunable_sample(bool begin, uint64_t mean)
{
    hak_start();
    if (load_relaxed(&heap_mode) != HEAP_POOL)
        return ENOTSUP;
    uint64_t now_ms = clock_now_ms();
    if (!gate_enter())
        return EAGAIN;
    bool was = samples_on(), done = begin ? sampling_begin(mean, 0, now_ms) : samples_end(now_ms);
    gate_leave();
    if (done)
        return 0;
    return !begin ? EINVAL : was ? EBUSY : ENOMEM;
}

static bool is_class(unsigned size_class)
{
    return size_class >= 1 && size_class < CLASSES;
}

size_t tunable_prewarm(unsigned size_class, size_t slabs)
{
    hak_start();
    bool pool = load_relaxed(&heap_mode) == HEAP_POOL || load_relaxed(&heap_mode) == HEAP_CHECKED;
    if (!is_class(size_class) || !pool || !gate_enter())
        return 0; /* none while a fork is under way */
    size_t made = granules_prewarm(size_class, slabs);
    gate_leave();
    return made;
}

bool tunable_set_cap(unsigned size_class, size_t slabs)
{
    if (!is_class(size_class))
        return false;
    hak_start();
    struct ace_settings *s = engine_settings();
    s->cap[size_class] = (uint32_t)min_size(slabs, UINT32_MAX);
    engine_decide();
    engine_release();
    return true;
}

size_t tunable_cap(unsigned size_class)
{
    if (!is_class(size_class))
        return 0;
    size_t cap = engine_settings()->cap[size_class];
    engine_release();
    return cap;
}

void tunable_report(struct ace_report *out)
{
    struct ace_result result;
    struct ace_state state;
    out->decisions = engine_last(&result, &state);
    out->quiet_ms = state.quiet_ms;
    out->quiet = result.quiet;
    out->tight = state.tight_ticks != 0;
    out->fast = state.fast_ticks != 0;
    out->policy = result.policy;
}
