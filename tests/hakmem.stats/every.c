/* SPDX-License-Identifier: MIT */
/* A program does what makes each statistic other than 0, and each road tells all of them. A new row of
 * lib/insight/statistics.def that stays 0 here fails: provoke it. Pressure of memory cannot be provoked:
 * tests/hakmem.unit/pressure.c and tests/hakmem.tools/pressure.sh make it up. With an argument it tells them and waits (every.sh
 * of the tools family), without a helper, which would change them meanwhile. */
/* { dg-link core } */
/* { dg-env HAKMEM_ACE_THREAD=1 } */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "check.h"

enum { BLOCKS = 20000, SPANS = 2 };
static char *block[BLOCKS];

static void take(size_t size)
{
    for (int i = 0; i < BLOCKS; i++)
        CHECK((block[i] = memset(malloc(size), 1, size)));
}

static void give(int step)
{
    for (int i = 0; i < BLOCKS; i += step) {
        free(block[i]);
        block[i] = NULL;
    }
}

/* EMPTY slabs for the same class and for another, partial ones, and free blocks in them. */
static void small(void)
{
    for (int i = 0; i < 6; i++) {
        take(i % 3 ? 500 : 700);
        give(1);
    }
    for (int i = 0; i < 2; i++) {
        take(300);
        give(2);
    }
}

/* Spans that the thread keeps, as it wants them again. */
static void spans(void)
{
    void *span[SPANS];
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < SPANS; i++)
            CHECK((span[i] = memset(malloc(300000), 1, 300000)));
        for (int i = 0; i < SPANS; i++)
            free(span[i]);
    }
    CHECK(hide(memset(malloc(40000), 1, 40000)));
}

static void large(void)
{
    CHECK(hide(memset(malloc(5 << 20), 1, 5 << 20)));
    for (int i = 0; i < 20; i++) {
        char *p = malloc(3 << 20);
        CHECK(p);
        free(memset(p, 1, 3 << 20));
    }
}

/* What the helper alone does. From then on it leaves what is kept. */
static void idle(void)
{
    uint64_t there = 0, given = 0, delay = 3600000;
    for (int i = 0; i < 1200 && !there; i++) {
        take(300);
        give(1);
        CHECK(hak_ctl("stats.helpers", &there, NULL) == 0);
    }
    for (int i = 0; i < 1200 && !given; i++) {
        usleep(50 * 1000);
        CHECK(hak_ctl("stats.helper_bytes", &given, NULL) == 0);
    }
    CHECK(hak_ctl("option.purge_delay", NULL, &delay) == 0);
}

/* From now on munmap is refused. */
static bool refuse(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static char text[8192];

/* Into TEXT, as NAME=VALUE. The number of those that are 0, though there was a HELPER. */
static int tell_all(bool helper)
{
    const char *name;
    uint64_t value;
    int n = 0, names = 0;
    size_t len = 0;
    for (size_t i = 0; (name = hak_ctl_name(i)) != NULL; i++) {
        if (strncmp(name, "stats.", 6) != 0)
            continue;
        names++;
        CHECK(hak_ctl(name, &value, NULL) == 0);
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s=%llu\n", name + 6, (unsigned long long)value);
        CHECK(len < sizeof text);
        /* No cache of a static program is taken: tests/hakmem.thread/sleepers.c counts these. */
        if (!value && strncmp(name + 6, "pressure_", 9) != 0 && strncmp(name + 6, "sleeper", 7) != 0 &&
            (helper || strncmp(name + 6, "helper", 6) != 0)) {
            dprintf(2, "%s is 0\n", name);
            n++;
        }
    }
    CHECK((size_t)names == sizeof(struct hak_stats) / sizeof(uint64_t) - 2);
    return n;
}

int main(int argc, char **argv)
{
    (void)argv;
    uint64_t limit = 1ull << 40;
    CHECK(hak_ctl("option.soft_limit_bytes", NULL, &limit) == 0);
    if (argc == 1)
        idle();
    spans();
    large();
    CHECK(malloc((size_t)1 << 60) == NULL);
    if (!refuse())
        return 77;
    hak_purge();
    small();
    large();
    spans();
    CHECK(tell_all(argc == 1) == 0);
    while (argc > 1) {
        CHECK(write(1, text, strlen(text)) > 0);
        pause();
    }
    return 0;
}
