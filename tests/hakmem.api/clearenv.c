/* SPDX-License-Identifier: MIT */
/* A program that takes its environment away before it allocates has caches, and the options it was started
 * with. */
/* { dg-variant "-DWITH=clear HAKMEM_CACHE_BYTES=12345" } */
/* { dg-variant "-DWITH=null HAKMEM_CACHE_BYTES=12345" } */
/* { dg-variant "-DWITH=nothing HAKMEM_CACHE_BYTES=12345" } */
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
    CHECK(ctl && ctl("option.cache_bytes", &bytes, NULL) == 0 && bytes == 12345);
    return 0;
}
