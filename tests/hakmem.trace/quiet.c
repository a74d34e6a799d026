/* SPDX-License-Identifier: MIT */
/* Nothing is written where nothing is asked for, whatever fails. */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_ACE_TRACE=0 HAKMEM_SS_MAP_TRACE=0 HAKMEM_MEM_TRACE=0 HAKMEM_SIZE_HIST=0" } */
#include "check.h"

int main(void)
{
    static char *p[3000];
    for (int i = 0; i < 3000; i++)
        CHECK((p[i] = malloc((size_t)i * 100)));
    for (int i = 0; i < 3000; i++)
        free(p[i]);
    malloc_trim(0);
    CHECK(malloc((size_t)1 << 60) == NULL);
    return 0; /* a line that begins with "hakmem:" fails the test */
}
