/* SPDX-License-Identifier: MIT */
/* The trace file cannot be opened: one warning, then standard error. */
/* { dg-env HAKMEM_SUPER_REG_DEBUG=1 HAKMEM_TRACE_FILE=/nowhere/trace } */
/* { dg-output {^hakmem: HAKMEM_TRACE_FILE: cannot open '/nowhere/trace', using standard error errno=2\n} } */
/* { dg-output {(hakmem: region address=0x[0-9a-f]+ kind=(superslab|large) change=(entered|removed)\n)+$} } */
#include "check.h"

int main(void)
{
    free(malloc(5 << 20));
    malloc_trim(0);
    return 0;
}
