/* SPDX-License-Identifier: MIT */
/* operator new in a process without a C++ run-time: nobody can throw, and the program is told why it ends. */
/* { dg-death {operator new\(\): no memory, and no C\+\+ run-time to throw bad_alloc for the caller at 0x[0-9a-f]+} } */
/* { dg-variant "-DNEW=_Znwm" } */
/* { dg-variant "-DNEW=_Znam" } */
/* { dg-variant "-DNEW=_ZnwmSt11align_val_t" } */
#include "death.h"

#define NAME_2(name) #name
#define NAME_1(name) NAME_2(name)

int main(void)
{
    void *(*allocate)(size_t, size_t) = (void *(*)(size_t, size_t))dlsym(RTLD_DEFAULT, NAME_1(NEW));
    void (*release)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "_ZdlPv");
    void *(*quiet)(size_t, const void *) =
        (void *(*)(size_t, const void *))dlsym(RTLD_DEFAULT, "_ZnwmRKSt9nothrow_t");
    CHECK(allocate && release && quiet);
    release(allocate(100, 64));
    CHECK(!quiet(SIZE_MAX / 2 + 100, ""));
    FAULT(allocate(SIZE_MAX / 2 + 100, 64));
    return 0;
}
