/* SPDX-License-Identifier: MIT */
/* Blocks cross the border of libraries that come and go. */
/* { dg-link preload shared } */
#include "check.h"

int main(void)
{
    for (int i = 0; i < 50; i++) {
        void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
        void *other = dlopen("libresolv.so.2", RTLD_NOW);
        CHECK(library && other);
        CHECK(dlopen("/nonexistent.so", RTLD_NOW) == NULL && dlerror() != NULL);
        dlclose(library);
        dlclose(other);
    }
    CHECK(heap_check() == 0);
    return 0;
}
