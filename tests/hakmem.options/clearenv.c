/* SPDX-License-Identifier: MIT */
/* A program that takes its environment away before it allocates has caches, and the options it was started
 * with. */
/* { dg-variant "-DWITH=clear" } */
/* { dg-variant "-DWITH=null" } */
/* { dg-variant "-DWITH=nothing" } */
/* { dg-env HAKMEM_RETAIN_BYTES=12345 } */
#include "check.h"

extern char **environ;

static UNUSED void clear(void)
{
    clearenv();
}
static UNUSED void null(void)
{
    environ = NULL;
}
static UNUSED void nothing(void)
{
}

int main(void)
{
    enum { PAIRS = 100000 };
    struct hak_stats s;
    uint64_t bytes = 0;
    WITH();
    for (int i = 0; i < PAIRS; i++)
        free(malloc(16 + i % 800));
    CHECK(heap_stats(&s) == 0 && s.cache_hits > PAIRS / 2);
    int (*ctl)(const char *, uint64_t *, const uint64_t *) =
        (int (*)(const char *, uint64_t *, const uint64_t *))hak_symbol("hak_ctl");
    CHECK(ctl && ctl("option.retain_bytes", &bytes, NULL) == 0 && bytes == 12345);
    return 0;
}
