/* SPDX-License-Identifier: MIT */
/* The options are read at the start: later changes of the environment mean nothing. */
#include "check.h"

int main(void)
{
    CHECK(setenv("HAKMEM_TINY_SS_SHARED", "0", 1) == 0);
    CHECK(setenv("HAKMEM_ACE_TRACE", "1", 1) == 0);
    CHECK(setenv("HAKMEM_SHARED_POOL_STAGE_STATS", "1", 1) == 0);
    void *p = malloc(100);
    CHECK(heap_owns(p) == 1);
    CHECK(malloc((size_t)(uintptr_t)hide((void *)SIZE_MAX)) == NULL);
    CHECK(clearenv() == 0);
    free(p);
    return 0;
}
