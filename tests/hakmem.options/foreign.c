/* SPDX-License-Identifier: MIT */
/* A block of the C library itself: modes 0 and 1 hand it back there, mode 2 calls it invalid. */
/* { dg-variant "" } */
/* { dg-variant "-DREALLOC" } */
/* { dg-variant "-DCLEAN HAKMEM_TINY_SS_SHARED=1" } */
/* { dg-variant "-DCLEAN HAKMEM_TINY_SS_SHARED=0" } */
/* { dg-variant "-DCLEAN HAKMEM_TINY_SS_SHARED=1 HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-death {free\(\): invalid pointer %p} } */
/* { dg-death {realloc\(\): invalid pointer %p} *REALLOC* } */
#include "check.h"

int main(void)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    void *(*libc_malloc)(size_t) = (void *(*)(size_t))dlsym(libc, "__libc_malloc");
    for (size_t n = 10; n < 5000000; n *= 10) {
        char *p = libc_malloc(n);
        tell(p);
#ifndef REALLOC
        CHECK(p && malloc_usable_size(NULL) == 0);
#endif
#ifdef CLEAN
        CHECK(malloc_usable_size(p) >= n);
        memset(p, 7, n);
        CHECK((p = realloc(p, n * 2)) && p[0] == 7 && p[n - 1] == 7);
#elif defined REALLOC
        p = realloc(p, n * 2);
#endif
        free(p);
    }
    return 0;
}
