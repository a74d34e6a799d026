/* SPDX-License-Identifier: MIT */
/* HAKMEM_ACE_TRACE: one line for each allocation that fails, with reason, size, call, errno and the limits.
 */
/* { dg-link preload core } */
/* { dg-env HAKMEM_ACE_TRACE=1 } */
/* { dg-output {^hakmem: failed allocation: Threshold size=18446744073709551615 class=none call=none errno=0} } */
/* { dg-output { align=16 tid=[1-9][0-9]* mapped=[0-9]+ mappings=[0-9]+ address_space=[1-9][0-9]*} } */
/* { dg-output { address_limit=none data_limit=none maps=[1-9][0-9]* maps_limit=[0-9]+} } */
/* { dg-output { overcommit=[0-2]\n} } */
/* { dg-output {hakmem: failed allocation: Threshold size=[0-9]+ class=none call=none errno=0} } */
/* { dg-output { align=16 tid=[1-9][0-9]* mapped=[0-9]+ mappings=[0-9]+ address_space=[1-9][0-9]*} } */
/* { dg-output { address_limit=none data_limit=none maps=[1-9][0-9]* maps_limit=[0-9]+} } */
/* { dg-output { overcommit=[0-2]\n} } */
/* { dg-output {hakmem: failed allocation: MapFail size=1152921504606846976 class=none call=mmap errno=12} } */
/* { dg-output { align=16 tid=[1-9][0-9]* mapped=[0-9]+ mappings=[0-9]+ address_space=[1-9][0-9]*} } */
/* { dg-output { address_limit=none data_limit=none maps=[1-9][0-9]* maps_limit=[0-9]+} } */
/* { dg-output { overcommit=[0-2]\n} } */
/* { dg-output {hakmem: failed allocation: MapFail size=1000 class=63 call=mmap errno=12} } */
/* { dg-output { align=16 tid=[1-9][0-9]* mapped=[0-9]+ mappings=[0-9]+ address_space=[1-9][0-9]*} } */
/* { dg-output { address_limit=67108864 data_limit=none maps=[1-9][0-9]* maps_limit=[0-9]+} } */
/* { dg-output { overcommit=[0-2]\n$} } */
#include <sys/resource.h>

#include "check.h"

int main(void)
{
    struct rlimit limit = {64 << 20, 64 << 20};
    CHECK(malloc((size_t)(uintptr_t)hide((void *)SIZE_MAX)) == NULL);
    CHECK(calloc((size_t)(uintptr_t)hide((void *)(SIZE_MAX / 2)), 3) == NULL);
    CHECK(malloc((size_t)1 << 60) == NULL);
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (int i = 0; i < 1000000; i++)
        if (!malloc(1000))
            return 0;
    return 1;
}
