/* SPDX-License-Identifier: MIT */
/* Interposition works in fact: malloc of the program and of the C library is ours. */
/* { dg-link preload shared static } */
#include "check.h"

int main(void)
{
    struct hak_stats before, after;
    CHECK(heap_stats(&before) == 0);
    for (int i = 0; i < 1000; i++)
        free(strdup("x"));
    CHECK(heap_stats(&after) == 0);
    CHECK(after.allocations >= before.allocations + 1000);
    return 0;
}
