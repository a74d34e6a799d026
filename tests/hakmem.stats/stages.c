/* SPDX-License-Identifier: MIT */
/* HAKMEM_SHARED_POOL_STAGE_STATS: one line at exit, in which something was taken from the system. */
/* { dg-link preload core } */
/* { dg-env HAKMEM_SHARED_POOL_STAGE_STATS=1 } */
/* { dg-output {^hakmem: pool stages: partial=[0-9]+ empty=[0-9]+ empty_any=[0-9]+ unused=[1-9][0-9]* new=[1-9][0-9]*\n$} } */
#include "check.h"

int main(void)
{
    static void *block[20000];
    for (int i = 0; i < 20000; i++)
        CHECK((block[i] = malloc(i % 1000)));
    for (int i = 0; i < 20000; i++)
        free(block[i]);
    return 0;
}
