/* SPDX-License-Identifier: MIT */
/* Products that overflow: calloc and reallocarray give NULL and ENOMEM. */
#include "check.h"

int main(void)
{
    size_t half = (size_t)1 << 32;
    char *keep = malloc(40);
    strcpy(keep, "kept");
    for (size_t extra = 0; extra < 20; extra++) {
        size_t a = (size_t)(uintptr_t)hide((void *)(half + extra));
        errno = 0;
        CHECK(calloc(a, half) == NULL && errno == ENOMEM);
        errno = 0;
        CHECK(reallocarray(keep, half, a) == NULL && errno == ENOMEM);
        errno = 0;
        CHECK(reallocarray(NULL, SIZE_MAX / 8, 9 + extra) == NULL && errno == ENOMEM);
    }
    CHECK(strcmp(keep, "kept") == 0);
    errno = 0;
    keep = reallocarray(keep, 1000, 7);
    CHECK(keep && strcmp(keep, "kept") == 0 && errno == 0);
    CHECK(malloc_usable_size(keep) >= 7000);
    CHECK(reallocarray(keep, 0, 7) == NULL); /* freed, as realloc(p, 0) */
    CHECK(errno == 0);
    return 0;
}
