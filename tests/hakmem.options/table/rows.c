/* SPDX-License-Identifier: MIT */
/* Prints name, type, default, least and greatest value of every row of options.def. */
#include <stdio.h>

int main(void)
{
#define HAK_OPTION(id, type, def, min, max, ...)                                                             \
    printf("HAKMEM_" #id " " #type " %llu %llu %llu\n", (unsigned long long)(def),                           \
           (unsigned long long)(min), (unsigned long long)(max));
#include "settings/options.def"
    return 0;
}
