/* SPDX-License-Identifier: MIT */
/* Under a small limit of address space that was there from the start, blocks of 40,000 bytes get most of it. */
/* { dg-link preload } */
/* { dg-variant "-DKIB=8192 -DPERCENT=50" } */
/* { dg-variant "-DKIB=20000 -DPERCENT=70" } */
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

enum { SIZE = 40000 };

int main(void)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    if (limit.rlim_cur != KIB << 10) {
        limit = (struct rlimit){KIB << 10, KIB << 10};
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        CHECK(execl("/proc/self/exe", "limit-little", NULL) == 0);
    }
    size_t n = 0;
    char *last = NULL;
    for (char *p; (p = malloc(SIZE)); last = p, n++)
        *(char **)p = last;
    CHECK(errno == ENOMEM);
    dprintf(1, "%zu blocks\n", n);
    CHECK(n * SIZE >= ((size_t)KIB << 10) / 100 * PERCENT);
    CHECK(heap_check() == 0);
    for (char *next; last; last = next) {
        next = *(char **)last;
        free(last);
    }
    CHECK(heap_check() == 0);
    return 0;
}
