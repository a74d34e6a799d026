/* SPDX-License-Identifier: MIT */
/* Mode 1: when the pool cannot grow the C library serves; mode 2: NULL and ENOMEM. */
/* { dg-link core } */
/* { dg-variant "HAKMEM_TINY_SS_SHARED=1" } */
/* { dg-variant "-DSTRICT HAKMEM_TINY_SS_SHARED=2" } */
#include "check.h"
#include "os.h"

static int refuse(enum os_call call)
{
    return call == OS_MMAP ? ENOMEM : 0;
}

int main(void)
{
    static const size_t sizes[] = {100, 3000, 20000, 300000, 3000000};
    os_fault = refuse;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        void *block[3001] = {0};
        int count = 0, strangers = 0;
        errno = 0;
        while (count < 3000 && (block[count] = malloc(sizes[s])) != NULL && !strangers) {
            memset(block[count], 1, sizes[s]);
            strangers += !heap_owns(block[count++]);
            if (sizes[s] * count > 32u << 20)
                break;
        }
#ifdef STRICT
        CHECK(strangers == 0);
        CHECK(block[count] == NULL || sizes[s] < 30000);
        CHECK(block[count] || errno == ENOMEM);
#else
        CHECK(strangers > 0 || sizes[s] < 30000);
        CHECK(strangers == 0 || (block[count - 1] = realloc(block[count - 1], sizes[s] * 2)) != NULL);
#endif
        while (count > 0)
            free(block[--count]);
    }
    CHECK(heap_check() == 0);
    return 0;
}
