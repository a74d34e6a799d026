/* SPDX-License-Identifier: MIT */
/* init.c - start and end of the library in a process (floor F8). */
#include <unistd.h>

#include "ace.h"
#include "fork.h"
#include "heap.h"
#include "libc.h"
#include "lock.h"
#include "options.h"
#include "os.h"
#include "summary.h"
#include "superslab.h"

static struct lock start_lock;
static bool started; /* by start_lock; everybody else reads heap_mode */

static enum heap_mode choose_mode(void)
{
    if (!option(OPT_TINY_SS_SHARED) || !option(OPT_TINY_USE_SUPERSLAB))
        return libc_find() ? HEAP_PASSIVE : HEAP_POOL;
    /* Blocks handed out before have no guard: the mode cannot be had any more. */
    if (option(OPT_TINY_SLL_VALIDATE_HDR) && !load_relaxed(&heap_used_early))
        return HEAP_CHECKED;
    return option(OPT_TINY_SS_SHARED) == 1 && libc_find() ? HEAP_MIXED : HEAP_POOL;
}

static void apply_policy(void)
{
    const struct ace_input in = {.cache_bytes = option(OPT_CACHE_BYTES),
                                 .retain_bytes = option(OPT_RETAIN_BYTES),
                                 .large_cache_bytes = option(OPT_LARGE_CACHE_BYTES),
                                 .purge_delay_ms = (uint32_t)option(OPT_PURGE_DELAY)};
    ace_decide(&in, &policy);
}

static void start(char **environment)
{
    if (thread_self.starting)
        return; /* what follows called malloc: served uncached until it is done */
    thread_self.starting = true;
    lock_take(&start_lock, RANK_START);
    if (!started) {
        options_load(os_secure() ? NULL : environment);
        apply_policy();
        superslab_begin();
        block_key = os_random_seed() | 1;
        thread_init();
        fork_init();
        started = true;
        atomic_store_explicit(&heap_mode, choose_mode(), memory_order_release);
    }
    lock_give(&start_lock, RANK_START);
    thread_self.starting = false;
}

/* Called by the first thing that needs memory: a program that allocates nothing pays nothing. Before
 * libc has set environ, the loader may be that; those blocks are served uncached. */
void hak_start(void)
{
    if (environ)
        start(environ);
}

__attribute__((destructor)) static void on_unload(void)
{
    if (load_relaxed(&heap_mode) == HEAP_EARLY)
        return; /* never used */
    heap_verify("exit");
    if (option(OPT_SHARED_POOL_STAGE_STATS))
        summary_stages(2);
    const char *path = option_path(OPT_STATS_FILE);
    int fd = path ? os_open_append(path) : -1;
    if (fd >= 0) {
        summary_block(fd);
        os_close(fd);
    }
}
