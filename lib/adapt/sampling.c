/* SPDX-License-Identifier: MIT */
/* adapt/sampling.c - when allocations are sampled. */
#include "adapt/sampling.h"

#include "base/clock.h"
#include "base/gate.h"
#include "settings/options.h"
#include "memory/large.h"
#include "cache/startup.h"
#include "cache/thread.h"

#define MEAN_MOST (UINT64_C(1) << 40) /* far from what a sum of distances overflows with */

/* Where a block could be had without a look whether it is a sample: the first granule, the parked mapping. */
static void close_ways(void)
{
    startup_close();
    large_unpark();
}

bool sampling_begin(uint64_t mean, uint64_t seconds, uint64_t now_ms)
{
    mean = min_size(mean ? mean : max_size(option(OPT_SAMPLE_BYTES), 1), MEAN_MOST);
    if (!samples_begin(mean, seconds ? now_ms + seconds * 1000 : 0, now_ms))
        return false;
    close_ways();
    (void)thread_knock(load_relaxed(&samples.epoch));
    return true;
}

/* The command wrote the numbers before the byte; they may be anything. */
static void begin_as_asked(uint64_t now_ms)
{
    static const uint64_t seconds_most = UINT64_C(1) << 30;
    uint64_t mean = sample_request.mean, seconds = sample_request.seconds;
    seconds = seconds < seconds_most ? seconds : seconds_most;
    bool begun = samples_on() || sampling_begin(mean, seconds, now_ms);
    store_relaxed(&sample_request.refused, !begun);
}

void sampling_serve(void)
{
    if (LIKELY(!load_relaxed(&sample_request.wanted)) || !gate_enter())
        return;
    uint64_t now_ms = clock_now_ms();
    switch (atomic_exchange_explicit(&sample_request.wanted, 0, memory_order_acquire)) {
    case SAMPLE_WANTS_START: begin_as_asked(now_ms); break;
    case SAMPLE_WANTS_STOP: (void)samples_end(now_ms); break;
    default: break;
    }
    gate_leave();
}

void sampling_tick(uint64_t now_ms)
{
    sampling_serve();
    uint32_t epoch = load_relaxed(&samples.epoch);
    if (LIKELY(!(epoch & 1)))
        return;
    uint64_t until_ms = samples_totals(now_ms).until_ms;
    if (until_ms && now_ms >= until_ms)
        (void)samples_end(now_ms);
    else
        (void)thread_knock(epoch);
}
