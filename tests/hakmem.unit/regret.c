/* SPDX-License-Identifier: MIT */
/* What was purged and is needed again within a second is kept, until a second passes without. */
#include "check.h"

#include "regret.h"

int main(void)
{
    struct regret r = {0};
    regret_need(&r, 5, 100000);
    CHECK(r.kept == 0); /* nothing was purged */
    regret_purge(&r, 10, 100000);
    regret_need(&r, 4, 100500);
    CHECK(r.kept == 4);
    regret_need(&r, 20, 100600);
    CHECK(r.kept == 10); /* not more than was purged */
    regret_tick(&r, 101599);
    CHECK(r.kept == 10);
    regret_tick(&r, 101600);
    CHECK(r.kept == 0);

    regret_purge(&r, 3, 200000);
    regret_need(&r, 3, 201000);
    CHECK(r.kept == 0); /* too late to regret */
    regret_purge(&r, 2, 300000);
    regret_purge(&r, 2, 300900);
    regret_need(&r, 9, 301800);
    CHECK(r.kept == 4); /* purges close together count as one */
    return 0;
}
