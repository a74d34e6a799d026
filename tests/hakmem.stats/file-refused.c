/* SPDX-License-Identifier: MIT */
/* A statistics file that cannot be opened changes nothing, not even the exit status. */
/* { dg-link preload core } */
/* { dg-env HAKMEM_STATS_FILE=/nonexistent/directory/file } */
#include "check.h"

int main(void)
{
    free(malloc(10));
    return 0;
}
