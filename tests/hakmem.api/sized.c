/* SPDX-License-Identifier: MIT */
/* cfree, free_sized and free_aligned_sized are there, for programs that look for them. */
/* { dg-link preload } */
#include "check.h"

int main(void)
{
    void (*cfree_)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
    void (*sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
    void (*aligned)(void *, size_t, size_t) =
        (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
    CHECK(cfree_ && sized && aligned);
    for (int i = 0; i < 100000; i++) {
        cfree_(malloc(20000));
        sized(malloc(20001), 20001);
        aligned(aligned_alloc(64, 20032), 64, 20032);
    }
    cfree_(NULL);
    sized(NULL, 10);
    aligned(NULL, 64, 64);
    CHECK(resident_kib() < 100000);
    return 0;
}
