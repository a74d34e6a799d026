/* SPDX-License-Identifier: MIT */
/* What was given up and is needed again within a second is kept from then on: within a bound, until it is of
 * no use or a second passes without. */
#include "check.h"

#include "events/retain.h"

int main(void)
{
    struct retain r = {0};
    retain_needed(&r, 5, 100, 100000);
    CHECK(retain_earned(&r) == 0); /* nothing was given up */
    retain_gone(&r, 10, 100000);
    retain_needed(&r, 4, 100, 100500);
    CHECK(retain_earned(&r) == 4);
    retain_needed(&r, 20, 100, 100600);
    CHECK(retain_earned(&r) == 10); /* not more than was given up */
    retain_tick(&r, 101599);
    CHECK(retain_earned(&r) == 10);
    retain_tick(&r, 101600);
    CHECK(retain_earned(&r) == 0);

    retain_gone(&r, 3, 200000);
    retain_needed(&r, 3, 100, 201000);
    CHECK(retain_earned(&r) == 0); /* too late to regret */
    retain_gone(&r, 2, 300000);
    retain_gone(&r, 2, 300900);
    retain_needed(&r, 9, 100, 301800);
    CHECK(retain_earned(&r) == 4); /* what is given up at short intervals counts as one */

    retain_gone(&r, 50, 302000);
    retain_needed(&r, 50, 30, 302000);
    CHECK(retain_earned(&r) == 30); /* the bound: the recent peak */
    CHECK(retain_tolerated(&r, 160) == 10 && retain_tolerated(&r, 1600) == 30);
    retain_lose(&r, 12);
    CHECK(retain_earned(&r) == 18);
    retain_lose(&r, 100);
    CHECK(retain_earned(&r) == 0);
    return 0;
}
