/* SPDX-License-Identifier: MIT */
/* helper.h - what the programs of this family share: bursts, and a look for the helper. */
#include <dirent.h>
#include <stdbool.h>
#include <sys/single_threaded.h>
#include <time.h>

#include "check.h"

enum { BURST = 160000 };
static char *burst_block[BURST];

/* 50 MiB come and go, so that what is given back is missed. */
static UNUSED void burst(void)
{
    for (int i = 0; i < BURST; i++) {
        CHECK((burst_block[i] = malloc(330)));
        memset(burst_block[i], 1, 330);
    }
    for (int i = 0; i < BURST; i++)
        free(burst_block[i]);
}

static UNUSED long now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static UNUSED int threads(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/task");
    CHECK(dir);
    for (struct dirent *d; (d = readdir(dir));)
        n += d->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* The number of the helper, or 0. It blocks every signal that can be blocked. */
static UNUSED int helper(void)
{
    int found = 0;
    char path[300], name[32], line[256];
    DIR *dir = opendir("/proc/self/task");
    CHECK(dir);
    for (struct dirent *d; (d = readdir(dir));) {
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", d->d_name);
        FILE *f = fopen(path, "r");
        bool is_it = f && fgets(name, sizeof name, f) && strcmp(name, "hakmem-ace\n") == 0;
        if (f)
            fclose(f);
        if (!is_it)
            continue;
        CHECK(found == 0);
        found = atoi(d->d_name);
        snprintf(path, sizeof path, "/proc/self/task/%s/status", d->d_name);
        if (!(f = fopen(path, "r"))) { /* it has just ended */
            found = 0;
            continue;
        }
        while (fgets(line, sizeof line, f))
            if (strncmp(line, "SigBlk:", 7) == 0)
                CHECK((strtoull(line + 7, NULL, 16) | 0x40100 /* SIGKILL, SIGSTOP */) == ~0ull ||
                      (strtoull(line + 7, NULL, 16) | 0x180040100 /* the C library's own */) == ~0ull);
        fclose(f);
    }
    closedir(dir);
    return found;
}

/* Bursts until there is a helper, or for MS milliseconds. */
static UNUSED bool burst_until_helper(long ms)
{
    long end = now_ms() + ms;
    do
        burst();
    while (!helper() && now_ms() < end);
    return helper() != 0;
}

/* The resident memory, once it is not more than ENOUGH or has had time to become that. */
static UNUSED long settled(long enough)
{
    for (int i = 0; i < 400 && resident_kib() > enough; i++)
        usleep(50 * 1000);
    return resident_kib();
}
