/* SPDX-License-Identifier: MIT */
/* latency.c - how long single calls of malloc and of free take, as percentiles.
 *
 * Each call lies between two readings of the fastest clock there is; what the clock itself costs is measured
 * first and subtracted. The largest values are the operating system's (interrupts, other processes): they
 * are about the same whatever the allocator. */
#include "histogram.h"
#include "threads.h"

#include <stdatomic.h>
#include <time.h>

enum { CLOCK_TRIALS = 20000 };

static uint64_t slots = 8192, ops = 6000000, smallest = 16, largest = 1039, threads = 1, burst = 0;
static uint64_t seed = 88172645463325252u;
static _Atomic(void *) *table;
static uint64_t clock_cost;

struct worker {
    pthread_t thread;
    uint64_t random, steps;
    struct histogram allocating, freeing;
};

/* Nothing before it may end after it, and nothing behind it begin before it. */
static inline uint64_t ticks(void)
{
#if defined(__x86_64__)
    uint64_t low, high;

    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return high << 32 | low;
#elif defined(__aarch64__)
    uint64_t now;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(now) : : "memory");
    return now;
#else
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

/* A thread may have been moved to a processor whose counter is behind. */
static inline void note_call(struct histogram *histogram, uint64_t from, uint64_t to)
{
    histogram_add(histogram, to > from + clock_cost ? to - from - clock_cost : 0);
}

static void *timed_malloc(struct worker *worker)
{
    size_t size = smallest + (bench_random(&worker->random) >> 32) % (largest - smallest + 1);
    uint64_t from = ticks();
    void *block = malloc(size);
    uint64_t to = ticks();

    note_call(&worker->allocating, from, to);
    bench_touch(bench_need(block), size);
    return block;
}

static void timed_free(struct worker *worker, void *block)
{
    uint64_t from = ticks();

    free(block);
    note_call(&worker->freeing, from, ticks());
}

/* All threads share the table, so that with two of them about half of the blocks are freed by the thread
 * that did not allocate them. */
static void *replace(void *argument)
{
    struct worker *worker = argument;

    for (uint64_t i = 0; i < worker->steps; i++) {
        _Atomic(void *) *slot = &table[(bench_random(&worker->random) >> 32) % slots];
        void *block = atomic_exchange(slot, NULL);

        if (!block)
            block = atomic_exchange(slot, timed_malloc(worker));
        if (block)
            timed_free(worker, block);
    }
    return NULL;
}

static void *fill_and_empty(void *argument)
{
    struct worker *worker = argument;

    for (uint64_t done = 0; done < worker->steps; done += 2 * burst) {
        for (uint64_t i = 0; i < burst; i++)
            table[i] = timed_malloc(worker);
        for (uint64_t i = 0; i < burst; i++)
            timed_free(worker, table[i]);
    }
    return NULL;
}

/* The median of what lies between two readings with nothing in between. */
static uint64_t cost_of_clock(void)
{
    struct histogram *trials = bench_pages(sizeof *trials);

    for (int i = 0; i < CLOCK_TRIALS; i++) {
        uint64_t from = ticks();

        histogram_add(trials, ticks() - from);
    }
    return histogram_quantile(trials, 0.5);
}

/* The digits of a key: two of whole per cents, the others behind the point. */
static void note_curve(const struct histogram *all, double tick_ps)
{
    static const struct {
        const char *key;
        double share;
    } points[] = {
        {"p01_ps", 0.01},       {"p10_ps", 0.1},          {"p25_ps", 0.25},     {"p50_ps", 0.5},
        {"p75_ps", 0.75},       {"p90_ps", 0.9},          {"p95_ps", 0.95},     {"p98_ps", 0.98},
        {"p99_ps", 0.99},       {"p995_ps", 0.995},       {"p998_ps", 0.998},   {"p999_ps", 0.999},
        {"p9995_ps", 0.9995},   {"p9998_ps", 0.9998},     {"p9999_ps", 0.9999}, {"p99995_ps", 0.99995},
        {"p99999_ps", 0.99999}, {"p999999_ps", 0.999999},
    };

    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        bench_note(points[i].key, (uint64_t)((double)histogram_quantile(all, points[i].share) * tick_ps));
    bench_note("max_ps", (uint64_t)((double)all->max * tick_ps));
}

static void note_each(const struct worker *sum, double tick_ps)
{
    const struct histogram *allocating = &sum->allocating, *freeing = &sum->freeing;

    bench_note("malloc_p50_ps", (uint64_t)((double)histogram_quantile(allocating, 0.5) * tick_ps));
    bench_note("malloc_p999_ps", (uint64_t)((double)histogram_quantile(allocating, 0.999) * tick_ps));
    bench_note("free_p50_ps", (uint64_t)((double)histogram_quantile(freeing, 0.5) * tick_ps));
    bench_note("free_p999_ps", (uint64_t)((double)histogram_quantile(freeing, 0.999) * tick_ps));
    bench_note("clock_ps", (uint64_t)((double)clock_cost * tick_ps));
}

static void read_options(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"slots", &slots, "slots: a full one is freed, an empty one filled"},
        {"ops", &ops, "calls of malloc and free, of all threads"},
        {"smallest", &smallest, "smallest block"},
        {"largest", &largest, "largest block"},
        {"threads", &threads, "threads that share the slots"},
        {"burst", &burst, "instead of slots: allocate this many, then free them all; again and again"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };

    bench_options(
        argc, argv,
        "Time each call of malloc and of free; percentiles in picoseconds.\n"
        "p999_ps: 99.9 per cent of the calls took less, and so on. The clock is the time stamp\n"
        "counter where there is one; its own cost (clock_ps) is measured and subtracted. Bytes are\n"
        "written outside of the time measured.",
        options);
    bench_range("slots", slots, 1, UINT32_MAX);
    bench_range("ops", ops, 1, UINT64_MAX / 4);
    bench_range("smallest", smallest, 1, UINT32_MAX);
    bench_range("largest", largest, smallest, UINT32_MAX);
    bench_range("threads", threads, 1, BENCH_THREADS);
    bench_range("burst", burst, 0, UINT32_MAX);
    bench_range("seed", seed, 1, UINT64_MAX);
    if (burst && threads > 1)
        bench_refuse("--burst is for one thread");
}

int main(int argc, char **argv)
{
    struct worker *workers;
    uint64_t begun, done = 0;
    double tick_ps;

    read_options(argc, argv);
    table = bench_array(burst ? burst : slots, sizeof *table);
    workers = bench_array(threads, sizeof *workers);
    clock_cost = cost_of_clock();
    for (uint64_t t = 0; t < threads; t++) {
        workers[t].random = seed + t ? seed + t : 1;
        workers[t].steps = ops / threads + (t < ops % threads);
    }
    bench_begin();
    begun = ticks();
    for (uint64_t t = 1; t < threads; t++)
        workers[t].thread = bench_thread(replace, &workers[t]);
    (burst ? fill_and_empty : replace)(&workers[0]);
    for (uint64_t t = 1; t < threads; t++)
        pthread_join(workers[t].thread, NULL);
    tick_ps = bench_elapsed() * 1e12 / (double)(ticks() - begun);
    bench_end();
    for (uint64_t t = 1; t < threads; t++) {
        histogram_merge(&workers[0].allocating, &workers[t].allocating);
        histogram_merge(&workers[0].freeing, &workers[t].freeing);
    }
    note_each(&workers[0], tick_ps);
    done = workers[0].allocating.total + workers[0].freeing.total;
    histogram_merge(&workers[0].allocating, &workers[0].freeing);
    note_curve(&workers[0].allocating, tick_ps);
    bench_report("latency", done);
    return 0;
}
