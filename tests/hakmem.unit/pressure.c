/* SPDX-License-Identifier: MIT */
/* What the helper makes of what the system says, with made-up files and times: each level gives back what it
 * should, lasts for two seconds, and files that say nothing change nothing. */
#include <pthread.h>
#include <sys/wait.h>

#include "check.h"

#include "base/alone.h"
#include "base/bits.h"
#include "base/task.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "events/usage.h"
#include "cache/thread.h"
#include "adapt/pressure.h"
#include "tree.h"

#define FILE_OF_GROUP "/sys/fs/cgroup/a/memory.pressure"

enum { COUNT = 20000, TICK = 150 };
static char *block[COUNT];
static uint64_t now = 100000; /* milliseconds */

static void waited(uint64_t some, uint64_t full)
{
    char text[256];
    snprintf(text, sizeof text,
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=%llu\nfull avg10=0.00 avg60=0.00 avg300=0.00 "
             "total=%llu\n",
             (unsigned long long)some, (unsigned long long)full);
    put(FILE_OF_GROUP, text);
}

/* The next look of the helper, after MS: the bytes that it gave back. */
static uint64_t look(uint64_t ms)
{
    uint64_t before = counted(COUNT_PRESSURE_BYTES);
    now += ms;
    pressure_level(now);
    return counted(COUNT_PRESSURE_BYTES) - before;
}

static bool events(unsigned some, unsigned full)
{
    return counted(COUNT_PRESSURE_SOME) == some && counted(COUNT_PRESSURE_FULL) == full;
}

static void *take_and_end(void *arg)
{
    for (int i = 0; i < 100; i++)
        free(hide(malloc(500)));
    return arg;
}

/* 16 MiB of slabs are EMPTY, and a large mapping is kept, by what was earned. */
static void keep(void)
{
    uint64_t retain = MIB(64), hour = 3600000;
    CHECK(hak_ctl("option.retain_bytes", NULL, &retain) == 0 &&
          hak_ctl("option.purge_delay", NULL, &hour) == 0);
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = memset(malloc(1000), 1, 1000)));
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    for (int i = 0; i < 10; i++)
        free(memset(hide(malloc(MIB(3))), 1, MIB(3)));
    CHECK(usage_of(USAGE_KEPT_SLABS) > MIB(8));
}

static void begin(const char *pressure)
{
    plant();
    put("/proc/self/cgroup", "0::/a\n");
    put(FILE_OF_GROUP, pressure);
    pressure_begin();
}

/* A little is not pressure, nor is much over a long time. */
static void test_none(void)
{
    begin("");
    waited(5000000, 5000000); /* before we looked */
    pressure_begin();
    CHECK(look(0) == 0 && look(TICK) == 0 && policy(pressure) == PRESSURE_NONE);
    waited(5149000, 5099000);
    CHECK(look(TICK) == 0);
    CHECK(look(1700) == 0); /* a window ends */
    waited(5149000 + 149000, 5099000 + 99000);
    CHECK(look(TICK) == 0);
    waited(9000000, 8000000); /* the helper slept for an hour */
    CHECK(look(3600000) == 0);
    waited(1000, 1000); /* another group's */
    CHECK(look(TICK) == 0 && look(TICK) == 0);
    CHECK(events(0, 0) && policy(pressure) == PRESSURE_NONE && usage_of(USAGE_KEPT_SLABS) > MIB(8));
}

static void test_some(void)
{
    size_t kept = usage_of(USAGE_KEPT_SLABS) + usage_of(USAGE_KEPT_LARGE);
    waited(151000, 2000);
    CHECK(look(TICK) >= kept && events(1, 0) && policy(pressure) == PRESSURE_SOME);
    CHECK(usage_of(USAGE_KEPT_SLABS) == 0 && usage_of(USAGE_KEPT_LARGE) == 0 && usage_room() == 0);
    CHECK(policy(purge_delay_ms) == 0 && policy(magazine[4]) == 256);
    uint64_t value;
    CHECK(hak_ctl("stats.pressure_some", &value, NULL) == 0 && value == 1);
    CHECK(hak_ctl("stats.pressure_bytes", &value, NULL) == 0 && value >= kept);
    look(1900);
    CHECK(policy(pressure) == PRESSURE_SOME);
    look(200);
    CHECK(policy(pressure) == PRESSURE_NONE && usage_room() == SIZE_MAX && events(1, 0));
}

/* A child has no helper that would say when it is over. */
static void check_child(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        uint64_t any = 300;
        CHECK(hak_ctl("option.purge_delay", NULL, &any) == 0); /* a decision */
        CHECK(policy(pressure) == PRESSURE_NONE && policy(magazine[4]) == 256 && policy(purge_delay_ms) > 0);
        CHECK(look(2000) == 0); /* nothing is open */
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

/* Pages inside of partial slabs, and the caches of threads that ended, go, too. */
static void test_full(void)
{
    pthread_t thread;
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = memset(malloc(300), 1, 300)));
    for (int i = 0; i < COUNT; i++)
        if (i % 200)
            free(block[i]);
    CHECK(pthread_create(&thread, NULL, take_and_end, NULL) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(thread_idle_bytes() > 0);
    waited(152000, 102001);
    CHECK(look(TICK) > MIB(3) && events(1, 1) && policy(pressure) == PRESSURE_FULL &&
          thread_idle_bytes() == 0);
    CHECK(policy(magazine[4]) == 32);
    check_child();
    waited(152000 + 160000, 102001); /* less, while the higher level lasts */
    look(1000);
    CHECK(events(2, 1) && policy(pressure) == PRESSURE_FULL);
    look(1100);
    CHECK(policy(pressure) == PRESSURE_SOME);
    look(1000);
    CHECK(policy(pressure) == PRESSURE_NONE && policy(magazine[4]) == 256);
    for (int i = 0; i < COUNT; i += 200)
        free(block[i]);
}

/* Nobody has waited for ten seconds. */
static void test_plenty(void)
{
    look(5000);
    CHECK(policy(margin_shift) == 6);
    look(5100);
    CHECK(policy(margin_shift) == 5 && policy(tolerance_shift) == 3);
    waited(312001, 102001); /* a microsecond */
    look(TICK);
    CHECK(policy(margin_shift) == 6 && policy(tolerance_shift) == 4);
}

/* The file ends, becomes nonsense, comes again. */
static void test_broken(void)
{
    static char huge[1 << 20];
    memset(huge, 'x', sizeof huge);
    put(FILE_OF_GROUP, "");
    look(TICK);
    look(20000);
    CHECK(policy(margin_shift) == 6); /* not known to be plenty */
    put(FILE_OF_GROUP, "some avg10=9.00 total=99999999999\nfull");
    CHECK(look(2000) == 0);
    put_bytes(FILE_OF_GROUP, huge, sizeof huge);
    CHECK(look(2000) == 0);
    waited(100000000, 100000000); /* how much of that is new is not known */
    CHECK(look(2000) == 0 && events(2, 1) && policy(pressure) == PRESSURE_NONE);
    waited(100160000, 100000000);
    look(TICK);
    CHECK(events(3, 1));
    look(2000);
    begin(NULL); /* nothing anywhere */
    put("/proc/self/cgroup", NULL);
    pressure_begin();
    for (int i = 0; i < 10; i++)
        CHECK(look(2000) == 0);
    CHECK(events(3, 1) && policy(pressure) == PRESSURE_NONE && policy(soft_limit_bytes) == 0);
}

/* The limits of the group bound what is kept, and follow within two seconds. */
static void test_limits(void)
{
    uint64_t value;
    begin(NULL);
    keep();
    put("/sys/fs/cgroup/memory.max", "max\n");
    put("/sys/fs/cgroup/a/memory.max", "max\n");
    put("/sys/fs/cgroup/a/memory.high", "max\n");
    pressure_begin();
    look(2000);
    CHECK(policy(soft_limit_bytes) == 0);
    put("/sys/fs/cgroup/a/memory.high", "50000000\n");
    put("/sys/fs/cgroup/memory.max", "40000000\n");
    look(2000);
    CHECK(policy(soft_limit_bytes) == 40000000 && usage_room() <= 40000000);
    CHECK(hak_ctl("stats.soft_limit_bytes", &value, NULL) == 0 && value == 40000000);
    put("/sys/fs/cgroup/a/memory.high", "4000000\n");
    look(2000);
    CHECK(policy(soft_limit_bytes) == 4000000 && usage_room() < usage_of(USAGE_KEPT_SLABS));
    value = 3000000; /* the lower one */
    CHECK(hak_ctl("option.soft_limit_bytes", NULL, &value) == 0 && policy(soft_limit_bytes) == 3000000);
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = malloc(1000)));
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(usage_of(USAGE_KEPT_SLABS) + usage_of(USAGE_KEPT_LARGE) + usage_of(USAGE_IN_USE) <= MIB(6));
    value = 0;
    CHECK(hak_ctl("option.soft_limit_bytes", NULL, &value) == 0 && policy(soft_limit_bytes) == 4000000);
    put("/sys/fs/cgroup/a/memory.high", "junk\n");
    put("/sys/fs/cgroup/memory.max", "");
    look(2000);
    CHECK(policy(soft_limit_bytes) == 0);
}

int main(void)
{
    (void)task_barrier_begin();
    alone_expect();      /* this thread is the helper, and the program's as well */
    CHECK(look(0) == 0); /* before it begins, nothing is opened */
    keep();
    test_none();
    test_some();
    test_full();
    test_plenty();
    test_broken();
    test_limits();
    CHECK(heap_check() == 0);
    fell();
    return 0;
}
