/* SPDX-License-Identifier: MIT */
/* life/init.c - start and end of the library in a process. */
#include <unistd.h>

#include "base/alone.h"
#include "base/auxv.h"
#include "base/clock.h"
#include "base/gate.h"
#include "base/layout.h"
#include "base/libc.h"
#include "base/lock.h"
#include "base/os.h"
#include "settings/options.h"
#include "events/trace.h"
#include "events/usage.h"
#include "memory/granules.h"
#include "adapt/engine.h"
#include "adapt/sampling.h"
#include "heap/heap.h"
#include "insight/exitreport.h"
#include "insight/profile.h"
#include "insight/summary.h"
#include "life/fork.h"

/* By the START lock: */
static _Atomic(bool) loaded; /* the options are read, fork is looked after; by the lock, and a hint without */
static bool started;         /* the heap may be used; everybody else reads heap_mode */

static enum heap_mode choose_mode(void)
{
    bool passive = !option(OPT_ENABLED) || !option(OPT_TINY_SS_SHARED) || !option(OPT_TINY_USE_SUPERSLAB);
    if (passive && libc_find())
        return HEAP_PASSIVE;
    if (option(OPT_TINY_SS_SHARED) == 1)
        store_relaxed(&heap_mixed, libc_find());
    /* Blocks handed out before have no guard: the mode cannot be had any more. */
    bool checked = option(OPT_TINY_SLL_VALIDATE_HDR) && !load_relaxed(&heap_used_early);
    return checked ? HEAP_CHECKED : HEAP_POOL;
}

/* What every process gets, used or not. Lock held. */
static void load(char **environment)
{
    if (atomic_exchange(&loaded, true)) /* one page fault, where a look first takes two */
        return;
    alone_begin();
    block_key = os_random_seed() | 1; /* read by every malloc: set while there is one thread */
    /* Before the program can forbid the call. */
    usage_set_limits(os_limit(OS_LIMIT_ADDRESS_SPACE), os_limit(OS_LIMIT_DATA));
    options_load(os_secure() ? NULL : environment);
    fork_init();
    trace_open(); /* last: nothing that follows here allocates */
}

/* What is done meanwhile may call malloc, which is served uncached until it is done. */
static void take_lock(void)
{
    thread_self.starting = true;
    lock_take(RANK_START);
    lock_no_clock = true;
}

static void give_lock(void)
{
    lock_no_clock = false;
    lock_give(RANK_START);
    thread_self.starting = false;
}

static void start(char **environment)
{
    if (thread_self.starting)
        return;
    take_lock();
    if (!started) {
        load(environment);
        engine_start();
        granules_begin();
        thread_init();
        started = true;
        enum heap_mode mode = choose_mode();
        if (option(OPT_SS_PREWARM) && mode != HEAP_PASSIVE)
            granules_prewarm(1, option(OPT_SS_PREWARM) * GRANULES);
        atomic_store_explicit(&heap_mode, mode, memory_order_release);
    }
    give_lock();
}

/* Nothing else mentions it, and a program linked with the static library shall have it. */
__attribute__((used)) static const struct hak_layout *const described = &hak_layout;

/* Behind the start, as the clock is not read under its lock. */
static void begin_sampling(void)
{
    bool asked = option(OPT_SAMPLE) || option_path(OPT_PROFILE);
    uint64_t mean = asked ? 0 : option(OPT_GUARD_BYTES);
    if (UNLIKELY(asked || mean) && load_relaxed(&heap_mode) == HEAP_POOL)
        (void)sampling_begin(mean, 0, clock_now_ms());
}

/* Called by the first thing that needs memory: a program that allocates nothing maps nothing. Before
 * libc has set environ, the loader may be that; those blocks are served uncached. Once our constructor ran,
 * what the program does to environ is nothing to us. */
void hak_start(void)
{
    char **environment = environ;
    if (load_relaxed(&heap_mode) != HEAP_EARLY)
        return;
    if (!environment && !load_relaxed(&loaded))
        return;
    gate_enter_waiting();
    start(environment);
    begin_sampling();
    gate_leave();
}

void start_take_lock(void)
{
    lock_take(RANK_START);
}

void start_give_lock(void)
{
    lock_give(RANK_START);
}

/* Early, with the environment that the loader gave. */
__attribute__((constructor(101))) static void on_load(int argc, char **argv, char **environment)
{
    (void)argc;
    (void)argv;
    take_lock();
    load(environment && auxv_known_loader() ? environment : environ);
    give_lock();
}

/* exit may be called by a handler of a signal that interrupted a slow path of this thread: then it holds
 * locks, or lists are half changed, and there is nothing to be told. Before that, every list is sound at each
 * instruction: malloc takes the block off, then clears its check, then counts down; free counts up, then
 * links the block, then makes it the head (INTERRUPTED_HERE in tcache.h and heap.h). So no list is longer
 * than its count, and its links are whole. */
__attribute__((destructor)) static void on_unload(void)
{
    if (lock_busy)
        return;
    heap_verify("exit");
    exit_reports();
    profile_at_exit();
    const char *path = option_path(OPT_STATS_FILE);
    int fd = path ? os_open_append(path) : -1;
    if (fd >= 0) {
        summary_block(fd);
        os_close(fd);
    }
}
