/* SPDX-License-Identifier: MIT */
/* facts.c - fails an allocation and changes an option, then waits (target of facts.sh). */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "hakmem.h"

#pragma weak hak_ctl

int main(void)
{
    void *volatile p = malloc(100);
    p = malloc(PTRDIFF_MAX / 2);
    uint64_t delay = 333;
    if (p || !hak_ctl || hak_ctl("option.purge_delay", NULL, &delay) != 0)
        return 1;
    (void)!write(1, "ready\n", 6);
    for (;;)
        pause();
}
