/* SPDX-License-Identifier: MIT */
/* A lock that is found held is counted for its rank, one that is free is not; and all of them can be freed. */
#include <pthread.h>

#include "check.h"
#include "base/lock.h"

static _Atomic(int) waiting;

static void *wait_for_it(void *unused)
{
    waiting = 1;
    lock_take(RANK_LARGE);
    lock_give(RANK_LARGE);
    return unused;
}

int main(void)
{
    for (int i = 0; i < 100; i++) {
        lock_take(RANK_LARGE);
        lock_give(RANK_LARGE);
    }
    for (enum lock_rank rank = 0; rank < RANK_COUNT; rank++)
        CHECK(lock_contention(rank).contended == 0 && lock_rank_name[rank][0]);
    pthread_t thread;
    /* Held before there is a second thread: the lock is a plain word then. */
    lock_take(RANK_LARGE);
    CHECK(pthread_create(&thread, NULL, wait_for_it, NULL) == 0);
    while (lock_contention(RANK_LARGE).slept == 0)
        sched_yield();
    lock_give(RANK_LARGE);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(waiting && lock_contention(RANK_LARGE).contended == 1 && lock_contention(RANK_LARGE).slept >= 1);
    CHECK(lock_contention(RANK_ARENA).contended == 0);

    /* Held by a thread that fork left behind: they are free in its child. */
    lock_take(RANK_LARGE);
    lock_take(RANK_META);
    lock_reset_table();
    for (enum lock_rank rank = 0; rank < RANK_COUNT; rank++)
        CHECK(lock_table[rank].lock.state == 0);
    return 0;
}
