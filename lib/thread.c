/* SPDX-License-Identifier: MIT */
/* thread.c - which thread has which cache (floor F6). */
#include "thread.h"

#include <errno.h>
#include <pthread.h>

#include "layout.h"
#include "lock.h"
#include "meta.h"
#include "shelf.h"
#include "tracelog.h"
#include "transfer.h"

THREAD_LOCAL struct thread_self thread_self = {.cache = TCACHE_NONE, .derived = TCACHE_NONE};

static struct threads {
    struct lock lock;
    bool ready;
    bool have_key;
    pthread_key_t key; /* its destructor ends the thread; both fixed after start */
    struct list all, idle;
    size_t in_use;
} threads;

static void take_lock(void)
{
    lock_take(&threads.lock, RANK_THREADS);
    if (LIKELY(threads.ready))
        return;
    list_init(&threads.all);
    list_init(&threads.idle);
    threads.ready = true;
}

/* Runs among the destructors of the thread's other keys: some of them free after this. */
static void end(void *cache)
{
    struct tcache *tc = cache;
    thread_self.cache = thread_self.derived = TCACHE_NONE;
    thread_self.phase = THREAD_ENDED;
    tcache_flush(tc, "thread exit");
    shelf_flush(tc);
    take_lock();
    tc->in_use = false;
    list_push_front(&threads.idle, &tc->idle);
    threads.in_use--;
    lock_give(&threads.lock, RANK_THREADS);
    tracelog_flush();
}

void thread_init(void)
{
    threads.have_key = pthread_key_create(&threads.key, end) == 0;
}

struct tcache *thread_begin(void)
{
    int saved = errno;
    take_lock();
    struct tcache *tc = NULL;
    if (!list_empty(&threads.idle)) {
        tc = LIST_FIRST(&threads.idle, struct tcache, idle);
        list_remove(&tc->idle);
    } else {
        tc = meta_alloc(sizeof *tc);
        if (tc) {
            tcache_init(tc);
            list_init(&tc->idle);
            list_push_back(&threads.all, &tc->all);
        }
    }
    if (tc) {
        tc->in_use = true;
        tcache_start(tc, transfer_stripe_for((unsigned)threads.in_use++));
    }
    lock_give(&threads.lock, RANK_THREADS);
    if (!tc)
        return NULL;
    /* First the cache, then the destructor: pthread_setspecific may allocate. */
    thread_self.cache = tc;
    thread_self.phase = THREAD_LIVE;
    if (threads.have_key)
        (void)pthread_setspecific(threads.key, tc); /* refused: the cache outlives the thread */
    errno = saved;
    return tc;
}

void thread_each(void (*each)(const struct tcache *tc, void *arg), void *arg)
{
    take_lock();
    for (struct list *l = threads.all.next; l != &threads.all; l = l->next)
        each(CONTAINER_OF(l, struct tcache, all), arg);
    lock_give(&threads.lock, RANK_THREADS);
}

size_t thread_count(void)
{
    take_lock();
    size_t n = threads.in_use;
    lock_give(&threads.lock, RANK_THREADS);
    return n;
}

void thread_lock_for_fork(void)
{
    take_lock();
}

void thread_unlock_after_fork(void)
{
    lock_give(&threads.lock, RANK_THREADS);
}

void thread_forget_others(void)
{
    threads.in_use = 0;
    for (struct list *l = threads.all.next; l != &threads.all; l = l->next) {
        struct tcache *tc = CONTAINER_OF(l, struct tcache, all);
        if (tc == thread_self.cache) {
            threads.in_use = 1;
        } else if (tc->in_use) {
            tc->in_use = false;
            tcache_init(tc);
            tc->shelf = (struct shelf){.taken = tc->shelf.taken};
            list_push_front(&threads.idle, &tc->idle);
        }
    }
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_thread[] = {
    LAYOUT_FIELD(threads, all),
    LAYOUT_FIELD(threads, in_use),
    LAYOUT_FIELD(list, next),
    LAYOUT_END,
};
const struct layout_row layout_at_thread[] = {
    LAYOUT_ADDRESS(threads),
    LAYOUT_END,
};
