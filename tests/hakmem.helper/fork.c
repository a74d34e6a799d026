/* SPDX-License-Identifier: MIT */
/* The helper gives back what is free inside slabs, too; the child of a fork has none, and then one of its
 * own. */
/* { dg-link shared } */
/* { dg-variant "-DHELPER=1 HAKMEM_ACE_THREAD=1" } */
/* { dg-variant "-DHELPER=1" } */
/* { dg-variant "-DHELPER=0 HAKMEM_ACE_THREAD=0" } */
#include <sys/wait.h>

#include "helper.h"

enum { COUNT = 300000, KEEP = 1000 };
static char *block[COUNT];

static int wait_for_helper(void)
{
    for (int i = 0; i < (HELPER ? 100 : 20) && !helper(); i++) {
        burst();
        usleep(20 * 1000);
    }
    return helper() != 0;
}

static void fill(void)
{
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(330)));
        memset(block[i], 1, 330);
    }
    for (int i = 0; i < COUNT; i++)
        if (i % KEEP)
            free(block[i]);
}

int main(void)
{
    long before = resident_kib();
    fill();
    CHECK((wait_for_helper() == 1) == HELPER);
    if (HELPER)
        CHECK(settled(before + (8 << 10)) <= before + (8 << 10));
    pid_t child = fork();
    if (child == 0) {
        CHECK(helper() == 0);
        for (int i = 0; i < COUNT; i += KEEP)
            free(block[i]);
        fill();
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
