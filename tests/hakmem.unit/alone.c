/* SPDX-License-Identifier: MIT */
/* The helper of a program of one thread, which takes locks by plain stores (base/alone.h), gives everything
 * back again and again while that program allocates and frees, and forks. Each block has a pattern of its
 * own, so that what two had at once, or what was given back under one, is seen; the heap is checked as a
 * whole. */
/* { dg-link core } */
/* { dg-timeout 300 } */
#include <sys/wait.h>

#include "check.h"
#include "base/alone.h"
#include "base/clock.h"
#include "base/gate.h"
#include "base/task.h"
#include "cache/thread.h"
#include "memory/large.h"
#include "memory/purge.h"
#include "adapt/tick.h"

enum { BLOCKS = 400, ROUNDS = 200000, FORKS = 250 };
static struct {
    unsigned char *p;
    size_t size;
    unsigned char pattern;
} block[BLOCKS];

static _Atomic(uint64_t) entered, refused;
static _Atomic(bool) enough, inside;

static void give_back(void)
{
    thread_self = (struct thread_self){.cache = TCACHE_NONE, .derived = TCACHE_NONE, .phase = THREAD_ENDED};
    CHECK(task_barrier_begin());
    while (!load_relaxed(&enough)) {
        if (!alone_enter()) {
            add_relaxed(&refused, 1);
            continue;
        }
        CHECK(!single_threaded());
        if (gate_enter()) {
            inside = true;
            tick_give_back(clock_now_ms() + 60000, 4);
            purge_trim(0);
            large_trim(0);
            inside = false;
            gate_leave();
            add_relaxed(&entered, 1);
        }
        alone_leave();
        for (unsigned i = 0; i < 400; i++)
            cpu_pause();
    }
}

/* Mostly small, and of every other kind. */
static size_t some_size(uint64_t r)
{
    switch (r & 31) {
    case 0: return 1 + (r >> 8) % (3 << 20);
    case 1:
    case 2: return 1 + (r >> 8) % (300 << 10);
    case 3:
    case 4: return 1 + (r >> 8) % (32 << 10);
    default: return 1 + (r >> 8) % 2000;
    }
}

/* The first bytes, the last ones, and one of each page. */
static void each_byte(unsigned i, bool set)
{
    unsigned char *p = block[i].p, pattern = block[i].pattern;
    size_t size = block[i].size;
    for (size_t at = 0; at < size; at += at < 32 || at + 33 > size ? 1 : 997) {
        CHECK(set || p[at] == pattern);
        p[at] = pattern;
    }
}

static void step(uint64_t *state)
{
    uint64_t r = next_random(state);
    unsigned i = (unsigned)(r >> 40) % BLOCKS;
    if (block[i].p) {
        each_byte(i, false);
        free(block[i].p);
        block[i].p = NULL;
    } else {
        block[i].size = some_size(r);
        block[i].pattern = (unsigned char)r;
        CHECK((block[i].p = malloc(block[i].size)));
        each_byte(i, true);
    }
}

static void fork_once(uint64_t *state)
{
    pid_t child = fork();
    if (child == 0) {
        CHECK(!inside); /* the copy was made of a heap at rest */
        for (int i = 0; i < 200; i++)
            step(state);
        CHECK(hak_check() == 0);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    uint64_t state = 88172645463325252;
    free(hide(malloc(1)));
    alone_expect();
    if (!task_start(give_back)) { /* not on this machine */
        puts("no tasks here");
        return 0;
    }
    for (int i = 0; i < ROUNDS; i++) {
        lock_linger = i % 16 ? 0 : 400; /* debug builds */
        step(&state);
        if (i % (ROUNDS / FORKS) == 0)
            fork_once(&state);
    }
    while (load_relaxed(&entered) < 100)
        usleep(1000);
    enough = true;
    CHECK(hak_check() == 0);
    CHECK(libc_single_threaded()); /* all that time */
    printf("entered %lu times, refused %lu\n", (unsigned long)entered, (unsigned long)refused);
    return 0;
}
