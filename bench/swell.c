/* SPDX-License-Identifier: MIT */
/* swell.c - a server whose load swells: few threads work, then many, then few again.
 *
 * Each thread replaces random blocks of a table of its own; one replacement in --cross frees a block of
 * another thread instead, by way of a table that all share. The few work on through all three phases. The
 * others free what they hold after theirs and end, or sleep until the program ends (--park 1).
 * Speed of each phase by wall time; resident memory at its end, before anything is freed. */
#include "threads.h"

#include <stdatomic.h>

enum { FEW, MANY, AGAIN, PHASES, SHARED = 1024 };

static uint64_t few = 2, many = 64, ops = 40000000, again = 5, slots = 2000, cross = 16, park = 0;
static _Atomic(void *) shared[SHARED];

/* The main thread meets the few at the begin and the end of each phase; the others when their work is done,
 * before they free what they hold, when they have, and, parked, at the end. */
static pthread_barrier_t few_barrier, others_barrier;

struct worker {
    _Alignas(64) pthread_t thread;
    void **block;
    uint64_t random;
    uint64_t steps[PHASES];
};

static void *make(struct worker *worker)
{
    size_t size = bench_mixed_size(bench_random(&worker->random));
    void *block = bench_need(malloc(size));

    bench_touch(block, size);
    return block;
}

static void work(struct worker *worker, uint64_t steps)
{
    for (uint64_t i = 0; i < steps; i++) {
        uint64_t random = bench_random(&worker->random);
        void **slot = &worker->block[(random >> 32) % slots], *old = *slot;

        if (cross && i % cross == 0)
            old = atomic_exchange(&shared[random % SHARED], old);
        free(old);
        *slot = make(worker);
    }
}

static void fill(struct worker *worker)
{
    for (uint64_t i = 0; i < slots; i++)
        worker->block[i] = make(worker);
}

static void drop(struct worker *worker)
{
    for (uint64_t i = 0; i < slots; i++)
        free(worker->block[i]);
}

static void *stay(void *argument)
{
    struct worker *worker = argument;

    fill(worker);
    for (int phase = FEW; phase < PHASES; phase++) {
        pthread_barrier_wait(&few_barrier);
        work(worker, worker->steps[phase]);
        pthread_barrier_wait(&few_barrier);
    }
    drop(worker);
    return NULL;
}

static void *come_and_go(void *argument)
{
    struct worker *worker = argument;

    fill(worker);
    work(worker, worker->steps[MANY]);
    pthread_barrier_wait(&others_barrier);
    pthread_barrier_wait(&others_barrier);
    drop(worker);
    pthread_barrier_wait(&others_barrier);
    if (park)
        pthread_barrier_wait(&others_barrier);
    return NULL;
}

static void join(struct worker *workers, uint64_t first, uint64_t end)
{
    for (uint64_t t = first; t < end; t++)
        pthread_join(workers[t].thread, NULL);
}

static void run_phase(struct worker *workers, int phase)
{
    static const char *const speed[] = {"few_kops", "many_kops", "again_kops"};
    static const char *const resident[] = {"rss_few_kb", "rss_many_kb", "rss_again_kb"};
    double begun = bench_elapsed();
    uint64_t calls = 0;

    for (uint64_t t = 0; t < many; t++)
        calls += 2 * workers[t].steps[phase];
    pthread_barrier_wait(&few_barrier);
    if (phase == MANY) {
        for (uint64_t t = few; t < many; t++)
            workers[t].thread = bench_thread(come_and_go, &workers[t]);
        pthread_barrier_wait(&others_barrier);
    }
    pthread_barrier_wait(&few_barrier);
    bench_note(speed[phase], (uint64_t)((double)calls / (bench_elapsed() - begun) * 1e-3));
    bench_note(resident[phase], bench_resident_kb());
    if (phase != MANY)
        return;
    pthread_barrier_wait(&others_barrier);
    pthread_barrier_wait(&others_barrier);
    if (!park)
        join(workers, few, many);
}

/* All threads of a phase share its calls evenly; a step is two of them. */
static struct worker *make_workers(void)
{
    struct worker *workers = bench_array(many, sizeof *workers);

    for (uint64_t t = 0; t < many; t++) {
        workers[t].block = bench_array(slots, sizeof *workers[t].block);
        workers[t].random = 88172645463325252u + t * 0x9e3779b97f4a7c15u;
        workers[t].steps[FEW] = t < few ? ops / few / 2 : 0;
        workers[t].steps[MANY] = ops / many / 2;
        workers[t].steps[AGAIN] = again * workers[t].steps[FEW];
    }
    return workers;
}

static uint64_t run(struct worker *workers)
{
    uint64_t calls = 0;

    pthread_barrier_init(&few_barrier, NULL, (unsigned)few + 1);
    pthread_barrier_init(&others_barrier, NULL, (unsigned)(many - few) + 1);
    bench_begin();
    for (uint64_t t = 0; t < few; t++)
        workers[t].thread = bench_thread(stay, &workers[t]);
    for (int phase = FEW; phase < PHASES; phase++)
        run_phase(workers, phase);
    bench_end();
    if (park)
        pthread_barrier_wait(&others_barrier);
    join(workers, 0, park ? many : few);
    for (uint64_t t = 0; t < many; t++)
        calls += 2 * (workers[t].steps[FEW] + workers[t].steps[MANY] + workers[t].steps[AGAIN]);
    return calls;
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"few", &few, "threads that work all the time"},
        {"many", &many, "threads of the second phase, the few among them"},
        {"ops", &ops, "calls of a phase, of all its threads together"},
        {"again", &again, "the last phase has so many times as many: memory takes a while to settle"},
        {"slots", &slots, "blocks a thread holds, 16 to 1039 bytes"},
        {"cross", &cross, "one block in this many is freed by another thread, 0: none"},
        {"park", &park, "1: the others sleep to the end of the program, 0: they end"},
        {NULL, NULL, NULL},
    };
    uint64_t calls;

    bench_options(argc, argv, "Few threads, then many, then few again, replace random blocks.", options);
    bench_range("few", few, 1, BENCH_THREADS);
    bench_range("many", many, few, BENCH_THREADS);
    bench_range("ops", ops, 0, UINT32_MAX);
    bench_range("again", again, 0, 1000);
    bench_range("slots", slots, 1, UINT32_MAX);
    bench_range("cross", cross, 0, UINT32_MAX);
    bench_range("park", park, 0, 1);
    calls = run(make_workers());
    bench_report("swell", calls);
    return 0;
}
