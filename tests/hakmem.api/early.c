/* SPDX-License-Identifier: MIT */
/* Blocks of the first constructor and of the last exit handler work like any others. */
#include "check.h"

static char *first, *second;

__attribute__((constructor(101))) static void constructor(void)
{
    CHECK((first = malloc(100)));
    strcpy(first, "first");
    CHECK((second = calloc(1, 2000000)));
}

static void at_exit(void)
{
    CHECK(strcmp(first, "first") == 0);
    free(first);
    free(malloc(50));
}

__attribute__((destructor(101))) static void destructor(void)
{
    free(second);
    char *p = realloc(malloc(10), 100000);
    CHECK(p);
    free(p);
}

int main(void)
{
    CHECK(atexit(at_exit) == 0);
    CHECK(second[1999999] == 0);
    return 0;
}
