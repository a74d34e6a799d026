/* SPDX-License-Identifier: MIT */
/* malloc works before any constructor has run. */
#include "check.h"

static char *early;

static void preinit(void)
{
    early = malloc(100);
    if (early)
        strcpy(early, "early");
    early = realloc(early, 5000);
}

__attribute__((section(".preinit_array"), used)) static void (*const entry)(void) = preinit;

int main(void)
{
    CHECK(early && strcmp(early, "early") == 0);
    free(early);
    return 0;
}
