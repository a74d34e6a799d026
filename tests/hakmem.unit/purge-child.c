/* SPDX-License-Identifier: MIT */
/* Pages given back without madvise(2): they read as zero, and the kernel keeps one mapping; one that is lost
 * is made again; in the child of fork, where each makes more, it is done so often and no more. */
/* { dg-link core } */
#include <sys/mman.h>
#include <sys/wait.h>

#include "check.h"
#include "base/os.h"

enum { PIECES = 60000 };
static size_t page;

static size_t lines(void)
{
    return os_count_lines("/proc/self/maps");
}

static int give_back(char *p, size_t i)
{
    p[2 * i * page] = 1;
    int refused = os_purge(p + 2 * i * page, page);
    CHECK(refused == 0 || refused == -1);
    CHECK(p[2 * i * page] == (refused ? 1 : 0));
    return refused;
}

static int refusals;

static int refuse(enum os_call call)
{
    return call == OS_PURGE && refusals-- > 0 ? ENOMEM : 0;
}

/* What an old kernel does, which unmaps first: the test takes the pages. */
static void lost_mapping(char *p)
{
    os_fault = refuse;
    refusals = 1;
    *p = 3;
    CHECK(os_purge(p, page) == -1 && *p == 3); /* refused, and still there */
    refusals = 4;
    CHECK(munmap(p, page) == 0);
    CHECK(os_purge(p, page) == 0 && *p == 0 && refusals < 0);
    *p = 3;
    os_fault = NULL;
}

int main(void)
{
    int status;
    size_t refused = 0;
    page = os_page_size();
    char *p = os_map(2 * PIECES * page, page, NULL, true);
    CHECK(p);
    for (size_t i = 0; i < PIECES; i++)
        p[2 * i * page + page] = 7;
    size_t before = lines();
    for (size_t i = 0; i < PIECES; i++)
        CHECK(give_back(p, i) == 0);
    CHECK(lines() <= before + 2);
    lost_mapping(p + 2 * page);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        os_forked();
        for (size_t i = 0; i < PIECES; i++)
            refused += give_back(p, i) != 0;
        CHECK(refused > 0 && refused < PIECES / 4 * 3 && lines() < 40000);
        for (size_t i = 0; i < PIECES; i++)
            CHECK(p[2 * i * page + page] == 7);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}
