/* SPDX-License-Identifier: MIT */
/* The page of the options is read-only after the start: a stray write to it is a fault. */
/* { dg-link core } */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_PURGE_DELAY=7" } */
#include <signal.h>

#include "check.h"
#include "settings/options.h"

static void caught(int number)
{
    _exit(number == SIGSEGV ? 0 : 1);
}

int main(void)
{
    if (sysconf(_SC_PAGESIZE) > OPTION_PAGE)
        return 77;
    free(malloc(10));
    signal(SIGSEGV, caught);
    *(volatile uint64_t *)&option_page.values.number[0] = 0;
    return 1;
}
