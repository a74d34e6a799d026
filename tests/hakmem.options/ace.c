/* SPDX-License-Identifier: MIT */
/* HAKMEM_ACE: with it, what a cache holds of a class that nobody uses goes back; without, it stays. */
/* { dg-link shared } */
/* { dg-variant "-DSTAYS=0" } */
/* { dg-variant "-DSTAYS=1 HAKMEM_ACE=0" } */
#include "check.h"

enum { COUNT = 2000 };
static void *block[COUNT];

static void use(size_t size)
{
    for (int i = 0; i < COUNT; i++)
        CHECK((block[i] = malloc(size)));
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
}

static uint64_t cached(size_t size)
{
    char name[64];
    uint64_t bytes = 0;
    snprintf(name, sizeof name, "class.%d.cached", hak_class_of(size));
    CHECK(hak_ctl(name, &bytes, NULL) == 0);
    return bytes;
}

int main(void)
{
    use(300);
    CHECK(cached(300) > 0);
    for (int i = 0; i < 80 && (STAYS || cached(300) > 0);
         i++) { /* four seconds of other work, slow paths among it */
        usleep(50 * 1000);
        use(2000);
    }
    CHECK((cached(300) > 0) == STAYS);
    CHECK(hak_check() == 0);
    return 0;
}
