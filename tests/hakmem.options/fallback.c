/* SPDX-License-Identifier: MIT */
/* Mode 1: when the pool cannot grow the C library serves; mode 2: NULL and ENOMEM. */
/* { dg-link core } */
/* { dg-variant "HAKMEM_TINY_SS_SHARED=1" } */
/* { dg-variant "-DSTRICT HAKMEM_TINY_SS_SHARED=2" } */
#include "check.h"
#include "base/os.h"

static int refuse(enum os_call call)
{
    return call == OS_MMAP ? ENOMEM : 0;
}

/* More than the address space mapped at the start can hold. */
enum { COUNT = 200000 };

int main(void)
{
    static const size_t sizes[] = {100, 3000, 20000, 300000, 3000000};
    os_fault = refuse;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        static char *block[COUNT];
        int count = 0, strangers = 0;
        char *p = NULL;
        errno = 0;
        while (count < COUNT && !strangers && (p = malloc(sizes[s])) != NULL) {
            memset(p, 1, sizes[s]);
            strangers += !heap_owns(p);
            block[count++] = p;
        }
#ifdef STRICT
        CHECK(strangers == 0);
        CHECK(p == NULL && errno == ENOMEM);
#else
        CHECK(strangers == 1);
        CHECK((block[count - 1] = realloc(p, sizes[s] * 2)) != NULL && block[count - 1][sizes[s] - 1] == 1);
#endif
        while (count > 0)
            free(block[--count]);
    }
    CHECK(heap_check() == 0);
    return 0;
}
