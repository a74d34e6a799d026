/* SPDX-License-Identifier: MIT */
/* HAKMEM_ACE_THREAD: a helper thread, which an idle process without does not have, gives memory back; signals
 * are not its own; the child of a fork has another one. */
/* { dg-link shared } */
/* { dg-variant "-DHELPER=1 HAKMEM_ACE_THREAD=1" } */
/* { dg-variant "-DHELPER=0" } */
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "check.h"

enum { COUNT = 300000, KEEP = 1000 };
static char *block[COUNT];

/* Is there a thread of that name, and does it block every signal that can be? */
static int helper(void)
{
    int found = 0;
    char path[300], name[32], line[256];
    DIR *dir = opendir("/proc/self/task");
    CHECK(dir);
    for (struct dirent *d; (d = readdir(dir));) {
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", d->d_name);
        FILE *f = fopen(path, "r");
        if (!f || !fgets(name, sizeof name, f) || strcmp(name, "hakmem-ace\n") != 0) {
            if (f)
                fclose(f);
            continue;
        }
        fclose(f);
        found++;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", d->d_name);
        CHECK((f = fopen(path, "r")));
        while (fgets(line, sizeof line, f))
            if (strncmp(line, "SigBlk:", 7) == 0)
                CHECK(strtoull(line + 7, NULL, 16) & 1ull << (SIGTERM - 1));
        fclose(f);
    }
    closedir(dir);
    return found;
}

static int wait_for_helper(void)
{
    for (int i = 0; i < 100 && !helper(); i++)
        usleep(20 * 1000);
    return helper();
}

static void burst(void)
{
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(330)));
        memset(block[i], 1, 330);
    }
    for (int i = 0; i < COUNT; i++)
        if (i % KEEP)
            free(block[i]);
}

/* Memory falls while this thread does nothing that comes by the allocator. */
static long settled(long enough)
{
    for (int i = 0; i < 200 && resident_kib() > enough; i++)
        usleep(50 * 1000);
    return resident_kib();
}

int main(void)
{
    long before = resident_kib();
    burst();
    CHECK((wait_for_helper() == 1) == HELPER);
    if (HELPER)
        CHECK(settled(before + (8 << 10)) <= before + (8 << 10));
    pid_t child = fork();
    if (child == 0) {
        CHECK(helper() == 0);
        for (int i = 0; i < COUNT; i += KEEP)
            free(block[i]);
        burst();
        CHECK((wait_for_helper() == 1) == HELPER);
        if (HELPER)
            CHECK(settled(before + (12 << 10)) <= before + (12 << 10));
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(hak_check() == 0);
    return 0;
}
