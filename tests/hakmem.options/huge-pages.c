/* SPDX-License-Identifier: MIT */
/* HAKMEM_HUGE_PAGES: what the kernel is asked for each superslab, and that a part given back is asked no
 * more. */
/* { dg-link shared } */
/* { dg-variant "-DFLAG=\"nh\" HAKMEM_HUGE_PAGES=0" } */
/* { dg-variant "-DFLAG=\"hg\" HAKMEM_HUGE_PAGES=2" } */
/* { dg-variant "-DFLAG=\"hg\" -DTHREAD" } */
#include <pthread.h>
#include <sys/mman.h>

#include "check.h"

enum { COUNT = 200000, SIZE = 1000 };
static char *block[COUNT];

/* Does the mapping of ADDRESS carry FLAG? */
static int has_flag(const void *address, const char *flag)
{
    char line[512];
    int inside = 0, found = 0;
    FILE *f = fopen("/proc/self/smaps", "r");
    CHECK(f);
    while (fgets(line, sizeof line, f)) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (unsigned long)address >= from && (unsigned long)address < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line + 8, flag) != NULL;
    }
    fclose(f);
    return found;
}

/* A second thread: only in its presence the engine asks on its own. */
static void *rest(void *unused)
{
    pause();
    return unused;
}

int main(void)
{
    pthread_t thread;
#ifdef THREAD
    CHECK(pthread_create(&thread, NULL, rest, NULL) == 0);
#else
    (void)thread, (void)rest;
#endif
    void *probe = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe == MAP_FAILED || madvise(probe, 4 << 20, MADV_HUGEPAGE) != 0) {
        dprintf(1, "the kernel has no huge pages\n");
        return 77;
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(SIZE)));
        memset(block[i], 1, SIZE);
    }
    int marked = 0;
    for (int tries = 0; tries < 100 && !marked; tries++) { /* the engine decides a few times a second */
        for (int i = 0; i < COUNT; i += 1000)
            marked += has_flag(block[i], " " FLAG);
        for (int i = 0; !marked && i < 3000; i++) /* work that comes by the pool */
            free(block[i]);
        for (int i = 0; !marked && i < 3000; i++)
            CHECK((block[i] = malloc(SIZE)));
        if (!marked)
            usleep(50 * 1000);
    }
    CHECK(marked > 0);
    for (int i = 0; i < COUNT; i++)
        if (i % 50)
            free(block[i]);
    hak_purge();
    for (int i = 0; i < COUNT; i += 5000)
        CHECK(!has_flag(block[i], " hg"));
    CHECK(hak_check() == 0);
    return 0;
}
