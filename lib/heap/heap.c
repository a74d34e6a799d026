/* SPDX-License-Identifier: MIT */
/* heap/heap.c - what malloc and free do, without their names: the slow paths. */
#include "heap/heap.h"

#include <errno.h>
#include <string.h>

#include "base/layout.h"
#include "base/libc.h"
#include "base/os.h"
#include "settings/options.h"
#include "events/counters.h"
#include "events/failure.h"
#include "events/trace.h"
#include "events/usage.h"
#include "memory/granules.h"
#include "memory/large.h"
#include "memory/pool.h"
#include "memory/purge.h"
#include "memory/strip.h"
#include "cache/shelf.h"
#include "cache/startup.h"
#include "adapt/release.h"
#include "adapt/tick.h"
#include "heap/aside.h"
#include "heap/checked.h"
#include "heap/sampled.h"
#include "heap/uncached.h"

_Atomic(bool) heap_used_early;

static enum heap_mode mode(void)
{
    return load_relaxed(&heap_mode);
}

/* The calling thread's cache, given to it now if it may have one; else NULL: in passive and checked mode,
 * before the start is over, in a thread that is ending, while the helper empties it, and where there is no
 * memory for one. */
static struct tcache *enter(void)
{
    struct tcache *tc = thread_cache();
    if (LIKELY(tc != TCACHE_NONE))
        return tc;
    if (mode() == HEAP_EARLY)
        hak_start();
    if (mode() != HEAP_POOL)
        return NULL;
    return thread_self.phase == THREAD_NEW ? sampled_begin(thread_begin()) : thread_reclaim();
}

/* The end of a slow path that entered the gate. */
static void leave(void)
{
    gate_leave();
    tick_traces();
}

/* --- Allocation ----------------------------------------------------------------------------------*/

/* An allocation without the cache, in whatever mode. NULL if there is no memory. */
static void *alloc_uncached(size_t size, size_t align, bool zero)
{
    switch (mode()) {
    case HEAP_CHECKED: return checked_alloc(size, align, zero);
    case HEAP_EARLY: store_relaxed(&heap_used_early, true); break;
    default: break;
    }
    return uncached_alloc(size, align, zero);
}

/* One block of class C for SIZE bytes, and at a multiple of ALIGN, through the cache TC. NULL if there is no
 * memory. */
static void *alloc_class(struct tcache *tc, unsigned c, size_t size, size_t align, bool *untouched,
                         const char *function)
{
    *untouched = false;
    void *p = tcache_pop(tc, c);
    if (p)
        return p;
    if (UNLIKELY(sampler_concerns(tc)) && (p = sampled_alloc(tc, c, size, align, function)) != NULL)
        return p;
    p = tcache_pop_slow(tc, c, untouched, function);
    if (LIKELY(p != NULL)) /* else os_error stays what it is */
        tick_settle(tc);
    tick_alloc(tc);
    return p;
}

/* The same for SIZE bytes that need no alignment beyond MIN_ALIGN: among the first of the process. */
static void *alloc_small(struct tcache *tc, size_t size, bool *untouched, const char *function)
{
    size = size ? size : 1;
    void *p = size <= STARTUP_MAX && startup_open() ? startup_alloc(size, function) : NULL;
    if (LIKELY(!p))
        return alloc_class(tc, class_of(size), size, MIN_ALIGN, untouched, function);
    *untouched = true;
    count(COUNT_UNCACHED_ALLOCS, 1);
    return p;
}

/* Would the system give SIZE bytes now? It is asked by mapping them, as limits, overcommit and what others
 * map cannot be foreseen; no page is touched. */
static bool could_map(size_t size)
{
    size = round_up(size, os_page_size());
    if (!usage_may_map(size))
        return false;
    void *p = os_map(size, os_page_size(), NULL, true);
    if (p)
        (void)os_unmap(p, size);
    usage_unmapped(size);
    return p != NULL;
}

/* SIZE bytes at a multiple of ALIGN could not be had. Could they, if everything that is free went back to the
 * system? Not if what would still be wanting is refused: so a program that asks for the impossible, or asks
 * again and again, keeps its caches, and pays for the flush only while there is something to flush. */
static bool flush_may_help(size_t size, size_t align)
{
    size_t need = max_size(max_size(size, align), GRANULE), most = usage_of(USAGE_MAPPED);
    if (need > most && !could_map(need - most))
        return false;
    most = uncached_flushable();
    return need <= most || could_map(need - most);
}

/* Nothing could be had for SIZE bytes: make room, where that may help, and try once more, then say why. */
static COLD void *alloc_failed(size_t size, size_t align, bool zero, const char *function)
{
    void *p = NULL;
    os_error.call = NULL; /* what was refused before may have been made up for */
    if (flush_may_help(size, align)) {
        release_caches(function);
        large_trim(0);
        purge_trim(0);
        os_error.call = NULL;
        p = alloc_uncached(size, align, zero);
    }
    if (!p && load_relaxed(&heap_mixed))
        p = zero ? libc_calloc(1, size) : libc_memalign(align, size);
    if (p)
        return p;
    unsigned c = uncached_class(size, align);
    return failure_record(os_error.call ? FAILURE_MAPFAIL : FAILURE_EXHAUSTION, size, align,
                          c != CLASS_NONE ? (int)c : -1);
}

/* Sizes that no mode serves, and passive mode. True: *RESULT is the answer. */
static bool settled_early(size_t size, size_t align, bool zero, void **result)
{
    if (UNLIKELY(size > PTRDIFF_MAX - SUPERSLAB || align > PTRDIFF_MAX / 2)) {
        *result = failure_record(FAILURE_THRESHOLD, size, align, -1);
        return true;
    }
    if (LIKELY(mode() != HEAP_PASSIVE))
        return false;
    if (zero)
        *result = libc_calloc(1, size);
    else
        *result = align > MIN_ALIGN ? libc_memalign(align, size) : libc_malloc(size);
    return true;
}

/* SIZE bytes that no class serves. */
static void *alloc_big(struct tcache *tc, size_t size, size_t align, bool zero, const char *function)
{
    void *p;
    if (tc && size > MID_MAX && size <= SPAN_MAX && align <= GRANULE &&
        (p = shelf_find(tc, size, function)) != NULL)
        return zero ? memset(p, 0, size) : p;
    tick_alloc(tc);
    p = alloc_uncached(size, align, zero);
    if (UNLIKELY(samples_on()) && p)
        sampled_big(p, size);
    if (p && tc)
        tick_settle(tc);
    return p ? p : alloc_failed(size, align, zero, function);
}

static NOINLINE void *malloc_large(size_t size, const char *function)
{
    void *p = thread_cache() != TCACHE_NONE ? large_reuse(size) : NULL;
    return LIKELY(p != NULL) ? p : heap_malloc_slow(size, function);
}

/* The same as heap_malloc for the classes behind the tiny ones. */
void *heap_malloc_mid(size_t size, const char *function)
{
    void *p;
    if (LIKELY(size <= MID_MAX))
        p = tcache_pop(thread_cache_once(), class_of_mid(size));
    else if (size <= SPAN_MAX)
        p = shelf_take(thread_cache(), size);
    else
        return malloc_large(size, function);
    return LIKELY(p != NULL) ? p : heap_malloc_slow(size, function);
}

/* What the cache itself has for SIZE bytes, beyond its list, or NULL. */
static void *malloc_near(size_t size)
{
    return size <= MID_MAX ? tcache_pop_near(thread_cache(), class_of(size)) : NULL;
}

static void *malloc_inside(size_t size, const char *function)
{
    void *p;
    struct tcache *tc = enter();
    if (size > MID_MAX || !tc) {
        if (settled_early(size, MIN_ALIGN, false, &p))
            return p;
        return alloc_big(tc, size, MIN_ALIGN, false, function);
    }
    bool untouched;
    p = alloc_small(tc, size, &untouched, function);
    return LIKELY(p != NULL) ? p : alloc_failed(size, MIN_ALIGN, false, function);
}

void *heap_malloc_slow(size_t size, const char *function)
{
    void *near = malloc_near(size);
    if (LIKELY(near != NULL))
        return near;
    if (UNLIKELY(!aside_enter()))
        return aside_alloc(size, MIN_ALIGN, false);
    void *p = malloc_inside(size, function);
    leave();
    return p;
}

static void *calloc_inside(size_t total, const char *function)
{
    void *p;
    struct tcache *tc = enter();
    if (total > MID_MAX || !tc) {
        if (settled_early(total, MIN_ALIGN, true, &p))
            return p;
        return alloc_big(tc, total, MIN_ALIGN, true, function);
    }
    bool untouched;
    p = alloc_small(tc, total, &untouched, function);
    if (UNLIKELY(!p))
        return alloc_failed(total, MIN_ALIGN, true, function);
    return memset(p, 0, untouched ? min_size(total, sizeof(struct block)) : total);
}

void *heap_calloc_slow(size_t count_of, size_t size, const char *function)
{
    void *p;
    size_t total;
    if (UNLIKELY(__builtin_mul_overflow(count_of, size, &total)))
        return failure_record(FAILURE_THRESHOLD, SIZE_MAX, MIN_ALIGN, -1);
    if (total > TINY_MAX && total <= SPAN_MAX) {
        p = total <= MID_MAX ? tcache_pop(thread_cache_once(), class_of_mid(total))
                             : shelf_take(thread_cache(), total);
        if (p)
            return memset(p, 0, total);
    }
    if ((p = malloc_near(total)) != NULL)
        return memset(p, 0, total);
    if (UNLIKELY(!aside_enter()))
        return aside_alloc(total, MIN_ALIGN, true);
    p = calloc_inside(total, function);
    leave();
    return p;
}

static void *memalign_inside(size_t align, size_t size, unsigned c, const char *function)
{
    void *p;
    struct tcache *tc = enter();
    if (c == CLASS_NONE || !tc) {
        if (settled_early(size, align, false, &p))
            return p;
        return alloc_big(tc, size, align, false, function);
    }
    bool untouched;
    p = alloc_class(tc, c, size, align, &untouched, function);
    return LIKELY(p != NULL) ? p : alloc_failed(size, align, false, function);
}

void *heap_memalign_slow(size_t align, size_t size, const char *function)
{
    void *p;
    unsigned c = uncached_class(size, align);
    if (c != CLASS_NONE && ((p = tcache_pop(thread_cache_once(), c)) != NULL ||
                            (p = tcache_pop_near(thread_cache(), c)) != NULL))
        return p;
    if (UNLIKELY(!aside_enter()))
        return aside_alloc(size, align, false);
    p = memalign_inside(align, size, c, function);
    leave();
    return p;
}

/* --- Free ----------------------------------------------------------------------------------------*/

/* Free P without the cache, in whatever mode; its class byte is C. Aborts on what is no block. */
static void free_uncached(void *p, unsigned c, const char *function)
{
    if (c == CLASS_NONE && aside_free_libcs(p))
        return;
    if (mode() == HEAP_CHECKED)
        checked_free(p, c, function);
    else
        uncached_free(p, c, function);
}

/* Enter the gate to free P. False: P is a block of libc's and freed, or noted to be freed later. What is no
 * block at all is reported at once: such a process may as well wait. */
static bool enter_to_free(void *p, unsigned c, const char *function)
{
    if (LIKELY(gate_enter()))
        return true;
    if (c == CLASS_NONE && aside_free_libcs(p))
        return false;
    if (c != CLASS_NONE && aside_free(p, function)) {
        if (!gate_is_closed()) /* it was opened in between */
            heap_resume();
        return false;
    }
    gate_enter_waiting();
    return true;
}

void heap_resume(void)
{
    for (struct aside_note *note = aside_take(); note; note = aside_drop(note))
        heap_free(note->p, note->function);
}

/* The calling thread can look P, of class C, up as it could not before: it has got a cache now, or has learnt
 * that the window has grown. */
static bool can_look_up(const void *p, unsigned c)
{
    struct tcache *tc = thread_cache();
    if (c == CLASS_NONE)
        return false;
    if (tc == TCACHE_NONE)
        return enter() != NULL;
    return window_index(p, tc->window_at) >= tc->window_granules && tcache_renew(tc, p);
}

static NOINLINE void free_odd(void *p, const char *function)
{
    unsigned c = UNLIKELY(option(OPT_TINY_NO_CLASS_MAP)) ? granules_class_of(p) : classmap_get(p);
    if (UNLIKELY(!enter_to_free(p, c, function)))
        return;
    if (!sampled_free(p, c, function)) {
        if (can_look_up(p, c))
            heap_free(p, function);
        else
            free_uncached(p, c, function);
    }
    leave();
}

/* P lies outside the window, does not begin a block of its class, or the thread has no cache, or a cut one.
 * Two functions, as the first of the reasons is NULL and the last the only one that is frequent. */
void heap_free_odd(void *p, const char *function)
{
    if (p && !sampled_push(p))
        free_odd(p, function);
}

/* P is of class C, which has no bin: startup, of a strip, libc's, a fault, or NULL. Its fill was counted up
 * as that of others, and reached zero: it goes back, or the next free would take the short way. */
static NOINLINE void free_without_bin(struct tcache *tc, void *p, unsigned c, const char *function)
{
    tc->bin[c].fill -= FILL_PUSH;
    if (!p || !enter_to_free(p, c, function))
        return;
    if (c != CLASS_NONE) /* a thread with a cache: neither passive nor checked mode */
        uncached_free(p, c, function);
    else
        free_uncached(p, c, function);
    if (c == CLASS_STRIP)
        tick(thread_own());
    leave();
}

/* The magazine of class C, which may be that of a span with a bin, is full. P was counted and is in no chain
 * yet. While fork has the gate closed, the list becomes longer; where it is long enough, P is noted
 * (enter_to_free), and the count taken back. */
static NOINLINE void free_full(struct tcache *tc, void *p, unsigned c, const char *function)
{
    if (UNLIKELY(p == tc->bin[c].head)) /* the slabs find what is free twice, but this at once */
        fault_report(FAULT_DOUBLE_FREE, function, p);
    if (LIKELY(!class_is_binned(c)) && LIKELY(tcache_push_near(tc, c, p)))
        return;
    if (UNLIKELY(!gate_enter())) {
        if (class_is_binned(c) ? shelf_push_longer(tc, c, p) : tcache_push_longer(tc, c, p))
            return;
        tc->bin[c].fill -= FILL_PUSH;
        if (!enter_to_free(p, c, function))
            return;
        tc->bin[c].fill += FILL_PUSH;
    }
    if (class_is_binned(c))
        shelf_push_slow(tc, c, p, function);
    else
        tcache_push_slow(tc, c, p, function);
    tick(tc);
    leave();
}

/* The long span that begins with FIRST was claimed. To wait for the gate it is given up again, as what is
 * noted meanwhile (aside.h) is freed a second time, claim and all. */
static NOINLINE void free_span_slow(struct tcache *tc, struct slab *first, unsigned run, const char *function)
{
    void *p = first->base;
    if (UNLIKELY(!gate_enter())) {
        classmap_set(p, 1, CLASS_SPAN); /* to be claimed again */
        if (!enter_to_free(p, CLASS_SPAN, function))
            return;
        if (!shelf_claim(tc, p))
            uncached_report(p, function);
    }
    shelf_put_slow(tc, first, run);
    tick(tc);
    leave();
}

static NOINLINE void free_large_slow(struct tcache *tc, void *p, const char *function)
{
    if (UNLIKELY(!enter_to_free(p, CLASS_LARGE, function)))
        return;
    if (large_free(p))
        tick(tc);
    else
        uncached_report(p, function);
    leave();
}

static NOINLINE void free_large(struct tcache *tc, void *p, const char *function)
{
    tc->bin[CLASS_LARGE].fill -= FILL_PUSH;
    if (LIKELY(tc->until_tick != 0) && LIKELY(large_park(p, tcache_mark(tc, p))))
        tc->until_tick--;
    else
        free_large_slow(tc, p, function);
}

/* By thread_own: the cache whose fill was counted, and which may have been set aside since (thread.h). */
void heap_free_full(void *p, const char *function)
{
    struct tcache *tc = thread_own();
    unsigned mark = load_relaxed(tcache_mark(tc, p));
    if (mark == CLASS_SPAN * CLASS_MARK && shelf_claim(tc, p)) {
        struct slab *first = shelf_slab(p);
        unsigned run = first->run;
        tc->bin[CLASS_SPAN].fill -= FILL_PUSH;
        if (LIKELY(shelf_has_room(tc, run)) && LIKELY(tc->until_tick != 0)) {
            tc->until_tick--;
            shelf_put(tc, first, run);
        } else {
            free_span_slow(tc, first, run, function);
        }
    } else if (mark == CLASS_LARGE * CLASS_MARK) {
        free_large(tc, p, function);
    } else if ((mark >= CLASS_MARK && mark < CLASSES * CLASS_MARK) || class_is_binned(mark / CLASS_MARK)) {
        free_full(tc, p, mark / CLASS_MARK, function);
    } else {
        free_without_bin(tc, p, mark / CLASS_MARK, function);
    }
}

/* P is the block that was freed last. */
void heap_free_twice(void *p, const char *function)
{
    fault_report(FAULT_DOUBLE_FREE, function, p);
}

void heap_verify(const char *function)
{
    const struct tcache *tc = thread_cache();
    startup_verify(function);
    if (tc != TCACHE_NONE)
        tcache_verify(tc, function);
    if (tc->shelf.binned)
        shelf_verify(tc, function);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_heap[] = {
    LAYOUT_ADDRESS(heap_mode),
    LAYOUT_ADDRESS(heap_mixed),
    LAYOUT_END,
};
