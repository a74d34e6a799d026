/* SPDX-License-Identifier: MIT */
/* A child of vfork, which has its parent's memory, starts no helper, whatever it frees; its parent gets one
 * afterwards. */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_ACE_THREAD=1" } */
#include <sys/wait.h>

#include "helper.h"

static int status;

int main(void)
{
    pid_t child = vfork();
    if (child == 0)
        _exit(burst_until_helper(1500));
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(burst_until_helper(60000));
    return 0;
}
