/* SPDX-License-Identifier: MIT */
/* cache/thread.c - which thread has which cache. */
#include "cache/thread.h"

#include <errno.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/layout.h"
#include "base/libc.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/object.h"
#include "base/os.h"
#include "settings/policy.h"
#include "events/trace.h"
#include "events/usage.h"
#include "cache/shelf.h"
#include "cache/transfer.h"

/* Of the caches whose threads ended, in all; and more by a part of what is in use. */
enum { FILLED_MOST = 64, FILLED_BYTES = 1 << 20, FILLED_SHIFT = 5 };

THREAD_LOCAL struct thread_self thread_self = {.cache = TCACHE_NONE, .derived = TCACHE_NONE};

/* By the THREADS lock, but for the key and `leaving`. */
static struct threads {
    bool have_key;
    pthread_key_t key; /* its destructor ends the thread; both fixed after start */
    struct list all, forgotten;
    /* Caches without a thread, the latest first: empty, and with blocks, which count `filled` and hold
     * FILLED_MOST and filled_bytes at most. Who takes one off its list owns it. */
    struct list idle, filled;
    size_t filled_count, filled_bytes;
    size_t in_use;
    /* Of threads that ended while the gate was closed. Any thread puts one in front, who takes them takes
     * all: no ABA. seq_cst: gate_is_closed. */
    _Atomic(struct tcache *) leaving;
} threads;

/* TC is in no list and has no thread: it holds KEPT bytes. THREADS lock held. */
static void lay_down(struct tcache *tc, size_t kept)
{
    tc->kept = (uint32_t)kept;
    list_push_front(kept ? &threads.filled : &threads.idle, &tc->idle);
    threads.filled_count += kept != 0;
    threads.filled_bytes += kept;
}

/* The latest one of LIST, or the oldest. THREADS lock held. */
static struct tcache *pick_up(const struct list *list, bool oldest)
{
    struct tcache *tc = CONTAINER_OF(oldest ? list->prev : list->next, struct tcache, idle);
    list_remove(&tc->idle);
    threads.filled_count -= tc->kept != 0;
    threads.filled_bytes -= tc->kept;
    return tc;
}

/* How much TC may keep for its next thread, which then need not fill it again: where threads come and go,
 * that is all that they do. Hints. */
static size_t may_keep(void)
{
    size_t most = min_size(FILLED_BYTES + (usage_of(USAGE_IN_USE) >> FILLED_SHIFT), usage_room());
    size_t now = threads.filled_bytes;
    return threads.filled_count < FILLED_MOST && now < most ? min_size(most - now, FILLED_BYTES) : 0;
}

/* TC, whose thread ended, is for the next one. Inside the gate. It is flushed without the lock, as it is
 * still this thread's alone, and that takes locks of classes. */
static void retire(struct tcache *tc)
{
    lock_take(RANK_THREADS);
    size_t most = may_keep();
    lock_give(RANK_THREADS);
    size_t kept = tcache_keep(tc, most, "thread exit");
    shelf_flush(tc, "thread exit");
    tc->aged_ms = clock_recent_ms();
    lock_take(RANK_THREADS);
    tc->in_use = false;
    lay_down(tc, kept);
    threads.in_use--;
    lock_give(RANK_THREADS);
}

size_t thread_idle_bytes(void)
{
    lock_take(RANK_THREADS);
    size_t bytes = threads.filled_bytes;
    lock_give(RANK_THREADS);
    return bytes;
}

/* Empty the oldest of the caches that wait with blocks, if it was laid down before BEFORE_MS. False if there
 * is none. */
static bool empty_oldest(uint64_t before_ms, const char *function)
{
    struct tcache *tc = NULL;
    lock_take(RANK_THREADS);
    if (!list_empty(&threads.filled) &&
        CONTAINER_OF(threads.filled.prev, struct tcache, idle)->aged_ms <= before_ms)
        tc = pick_up(&threads.filled, true);
    lock_give(RANK_THREADS);
    if (!tc)
        return false;
    tcache_flush(tc, function);
    lock_take(RANK_THREADS);
    lay_down(tc, 0);
    lock_give(RANK_THREADS);
    return true;
}

void thread_flush_idle(uint64_t before_ms, const char *function)
{
    /* Those that others lay down meanwhile are not for this call. */
    for (unsigned n = 0; n < FILLED_MOST && empty_oldest(before_ms, function); n++)
        ;
}

_Atomic(thread_hook) thread_alone_again;

/* A thread's cache was retired, but for MORE that the helper will retire. */
static void look_for_hook(size_t more)
{
    thread_hook hook = load_acquire(&thread_alone_again);
    if (hook && thread_count() <= 1 + more)
        hook();
}

/* Whoever opens the gate comes by here, and so does a thread that ended while it was closed and finds it open
 * by then (retire_later): one of the two sees what was left. */
void thread_resume(void)
{
    if (LIKELY(!atomic_load(&threads.leaving)) || !gate_enter())
        return; /* the next fork's thread will come by */
    struct tcache *tc = atomic_exchange(&threads.leaving, NULL), *next;
    for (; tc; tc = next) {
        next = tc->next_leaving;
        retire(tc);
    }
    gate_leave();
    look_for_hook(0);
}

/* The lock: as in retire, whose first one a thread of the gate takes (thread.h). */
static void retire_later(struct tcache *tc)
{
    lock_take(RANK_THREADS);
    lock_give(RANK_THREADS);
    tc->next_leaving = load_relaxed(&threads.leaving);
    while (!atomic_compare_exchange_weak(&threads.leaving, &tc->next_leaving, tc))
        ;
    if (!gate_is_closed())
        thread_resume();
}

/* Runs among the destructors of the thread's other keys: some of them free after this. The value of the key
 * is not looked at: the program can write it. */
static void end(void *unused)
{
    (void)unused;
    if (thread_self.phase != THREAD_LIVE)
        return;
    struct tcache *tc = thread_own();
    store_relaxed(&thread_self.cache, TCACHE_NONE);
    store_relaxed(&thread_self.derived, TCACHE_NONE);
    thread_self.phase = THREAD_ENDED;
    gate_own = NULL; /* the word may be the next thread's before this one has left the gate */
    if (atomic_exchange_explicit(&tc->holder, HOLDER_LEFT, memory_order_acq_rel) == HOLDER_TAKEN) {
        look_for_hook(1); /* thread_put_back retires it */
    } else if (gate_enter()) {
        retire(tc);
        gate_leave();
        look_for_hook(0);
    } else {
        retire_later(tc);
    }
    trace_flush();
}

/* Programs use keys that they have not created yet. Such a variable is mostly 0: that key stays nobody's. */
void thread_init(void)
{
    pthread_key_t other;
    threads.have_key = pthread_key_create(&threads.key, end) == 0;
    if (threads.have_key && threads.key == 0 && pthread_key_create(&other, end) == 0) {
        (void)pthread_key_delete(threads.key);
        threads.key = other;
    }
}

/* A cache that has no thread, or NULL. THREADS lock held. */
static struct tcache *unused_cache(void)
{
    struct tcache *tc = NULL;
    if (!list_empty(&threads.filled))
        return pick_up(&threads.filled, false);
    if (!list_empty(&threads.idle))
        return pick_up(&threads.idle, false);
    if (!list_empty(&threads.forgotten)) {
        tc = LIST_FIRST(&threads.forgotten, struct tcache, all);
        list_remove(&tc->all);
        tc->shelf = (struct shelf){.taken = tc->shelf.taken, .popped = tc->shelf.popped};
    } else if ((tc = meta_alloc(sizeof *tc)) != NULL) {
        list_init(&tc->all);
    }
    if (tc) {
        tcache_init(tc);
        list_init(&tc->idle);
        list_push_back(&threads.all, &tc->all);
    }
    return tc;
}

/* The number of the calling thread. 0: the process's own, or not known, and then no such thread is found to
 * sleep. */
static uint32_t own_tid(void)
{
    return THREAD_CAN_TELL && !libc_single_threaded() ? libc_tid() : 0;
}

/* Nobody will say that the thread of TC has ended. */
static COLD void outlive(struct tcache *tc)
{
    lock_take(RANK_THREADS);
    tc->self = NULL;
    lock_give(RANK_THREADS);
}

/* A cache without a thread is only changed under the lock, or by who took it off its list; from here on by
 * its owner alone. */
struct tcache *thread_begin(void)
{
    int saved = errno;
    uint32_t tid = own_tid();
    lock_take(RANK_THREADS);
    struct tcache *tc = unused_cache();
    if (tc) {
        tc->in_use = true;
        tc->tid = tid;
        tc->stack_top = libc_single_threaded() ? 0 : os_thread(); /* a thread's block lies above its stack */
        tc->self = threads.have_key ? &thread_self : NULL;
        store_relaxed(&tc->holder, HOLDER_OWNER);
        tcache_start(tc, transfer_stripe_for((unsigned)threads.in_use++));
    }
    lock_give(RANK_THREADS);
    if (!tc)
        return NULL;
    /* First the cache, then the destructor: pthread_setspecific may allocate. */
    store_relaxed(&tc->inside, 0);
    gate_own = &tc->inside;
    store_relaxed(&thread_self.cache, tc);
    thread_self.phase = THREAD_LIVE;
    if (threads.have_key && pthread_setspecific(threads.key, tc) != 0)
        outlive(tc);
    errno = saved;
    return tc;
}

static void each_of(const struct list *list, void (*each)(const struct tcache *tc, void *arg), void *arg)
{
    lock_take(RANK_THREADS);
    LIST_EACH (l, list)
        each(CONTAINER_OF(l, struct tcache, all), arg);
    lock_give(RANK_THREADS);
}

void thread_each(void (*each)(const struct tcache *tc, void *arg), void *arg)
{
    each_of(&threads.all, each, arg);
}

void thread_each_forgotten(void (*each)(const struct tcache *tc, void *arg), void *arg)
{
    each_of(&threads.forgotten, each, arg);
}

size_t thread_count(void)
{
    lock_take(RANK_THREADS);
    size_t n = threads.in_use;
    lock_give(RANK_THREADS);
    return n;
}

/* Written while the owner reads and writes it: a word, and 0 is good at any moment. */
static NO_TSAN void knock(struct tcache *tc)
{
    *(volatile uintptr_t *)&tc->window_granules = 0;
}

size_t thread_knock(uint32_t epoch)
{
    size_t n = 0;
    lock_take(RANK_THREADS);
    LIST_EACH (l, &threads.all) {
        struct tcache *tc = CONTAINER_OF(l, struct tcache, all);
        if (tc->in_use && load_relaxed(&tc->epoch) != epoch) {
            knock(tc);
            n++;
        }
    }
    lock_give(RANK_THREADS);
    return n;
}

void thread_each_unlocked(void (*each)(const gate_word *word))
{
    LIST_EACH (l, &threads.all)
        each(&CONTAINER_OF(l, struct tcache, all)->inside);
}

/* --- Caches of threads that sleep ----------------------------------------------------------------------*/

/* OWNER, and not in thread_self: a handler interrupted this function. */
struct tcache *thread_reclaim(void)
{
    uint32_t holder = HOLDER_ASIDE;
    if (thread_self.phase != THREAD_LIVE)
        return NULL;
    struct tcache *tc = thread_own();
    if (!atomic_compare_exchange_strong_explicit(&tc->holder, &holder, HOLDER_OWNER, memory_order_acquire,
                                                 memory_order_relaxed) &&
        holder != HOLDER_OWNER)
        return NULL;
    store_relaxed(&thread_self.cache, tc);
    return tc;
}

/* Each pop and push changes a fill, and no few of them bring the sum back; what does not, changes the others.
 * Read while the owner writes. */
static NO_TSAN uint32_t mark_of(const struct tcache *tc)
{
    uint64_t sum = tc->misses + tc->ticked_ms + tc->until_tick;
    for (unsigned c = 0; c < MAP_CLASSES; c++)
        sum += (uint64_t)tc->bin[c].fill;
    return (uint32_t)(sum ^ sum >> 32);
}

static NO_TSAN size_t held_bytes(const struct tcache *tc)
{
    size_t bytes = shelf_bytes(tc);
    for (unsigned c = 1; c < CLASSES; c++)
        bytes += tcache_blocks(tc, c) * class_size(c);
    return bytes;
}

/* Is TC worth a try now? THREADS lock held. */
static bool is_idle(struct tcache *tc, uint32_t now_ms, uint32_t idle_ms)
{
    enum { WORTH = 8192, TRIES_MOST = 6 };
    if (!tc->in_use || !tc->self)
        return false;
    uint32_t mark = mark_of(tc);
    if (mark != tc->seen_mark) {
        tc->seen_mark = mark;
        tc->seen_ms = now_ms;
        tc->tries = 0;
        return false;
    }
    if (now_ms - tc->seen_ms < idle_ms << tc->tries)
        return false;
    tc->tries = (uint8_t)min_size(tc->tries + 1, TRIES_MOST);
    return held_bytes(tc) >= WORTH && load_relaxed(&tc->inside) == 0;
}

/* A cache never leaves the list but in the child of a fork, whose helper begins anew. */
unsigned thread_idlers(struct list **at, unsigned looks, uint64_t now_ms, uint32_t idle_ms, struct idler *out,
                       unsigned most)
{
    unsigned n = 0;
    lock_take(RANK_THREADS);
    struct list *l = *at ? *at : threads.all.next;
    for (; l && l != &threads.all && looks > 0 && n < most; l = l->next, looks--) {
        struct tcache *tc = CONTAINER_OF(l, struct tcache, all);
        if (is_idle(tc, (uint32_t)now_ms, idle_ms))
            out[n++] = (struct idler){tc, tc->self, tc->stack_top, tc->tid};
    }
    *at = l != &threads.all ? l : NULL;
    lock_give(RANK_THREADS);
    return n;
}

bool thread_set_aside(const struct idler *idler)
{
    uint32_t holder = HOLDER_OWNER;
    lock_take(RANK_THREADS);
    struct tcache *tc = idler->tc;
    bool same = tc->in_use && tc->self == idler->self && tc->tid == idler->tid;
    same = same &&
           (atomic_compare_exchange_strong(&tc->holder, &holder, HOLDER_ASIDE) || holder == HOLDER_ASIDE);
    if (same) {
        store_release(&idler->self->derived, TCACHE_NONE);
        store_release(&idler->self->cache, TCACHE_NONE);
    }
    lock_give(RANK_THREADS);
    return same;
}

bool thread_take(struct tcache *tc)
{
    uint32_t holder = HOLDER_ASIDE;
    return atomic_compare_exchange_strong(&tc->holder, &holder, HOLDER_TAKEN);
}

size_t thread_empty(struct tcache *tc, const char *function)
{
    size_t before = held_bytes(tc);
    tcache_flush(tc, function);
    shelf_flush(tc, function);
    return before - min_size(before, held_bytes(tc));
}

void thread_put_back(struct tcache *tc)
{
    uint32_t holder = HOLDER_TAKEN;
    if (!atomic_compare_exchange_strong(&tc->holder, &holder, HOLDER_ASIDE))
        retire(tc); /* LEFT: its thread has ended meanwhile */
}

/* The caches are not written: with thousands of threads the child would copy megabytes for nothing. */
void thread_forget_others(void)
{
    struct tcache *own = thread_self.phase == THREAD_LIVE ? thread_own() : NULL;
    struct list kept;
    list_init(&kept);
    if (own) {
        own->tid = 0;
        list_remove(&own->all);
        list_push_back(&kept, &own->all);
    }
    /* Nobody was changing these; they are few. */
    LIST_EACH (l, &threads.filled) {
        struct tcache *tc = CONTAINER_OF(l, struct tcache, idle);
        list_remove(&tc->all);
        list_push_back(&kept, &tc->all);
    }
    list_move_all(&threads.forgotten, &threads.all);
    list_init(&threads.idle);
    list_move_all(&threads.all, &kept);
    threads.in_use = own != NULL;
    store_relaxed(&threads.leaving, NULL);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_thread[] = {
    LAYOUT_ADDRESS(threads.all),
    LAYOUT_ADDRESS(threads.forgotten),
    LAYOUT_ADDRESS(threads.in_use),
    LAYOUT_END,
};
