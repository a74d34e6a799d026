/* SPDX-License-Identifier: MIT */
/* What earlier blocks left in memory that is handed out again makes no live block look free. */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
#include "check.h"

enum { COUNT = 2000 };
static char *block[COUNT];
static int seen;

static int each(void *p, size_t size, void *arg)
{
    seen += p == arg && size >= 500;
    return 0;
}

int main(void)
{
    for (int i = 0; i < COUNT; i++) /* slabs full of links, all EMPTY then */
        CHECK((block[i] = malloc(1000)));
    for (int i = 0; i < COUNT; i++)
        free(block[i]);
    for (int i = 0; i < 10; i++) {
        char *span = malloc(60000), *shrunk, copy[16];
        CHECK(span);
        CHECK((shrunk = realloc(span, 500)));
        seen = 0;
        CHECK(hak_walk(each, shrunk) == 0 && seen == 1);
        CHECK((shrunk = realloc(shrunk, 900)));
        CHECK((span = malloc(60000)));
        for (int at = 0; at < 50000; at += 1024) { /* as a copy of memory never written */
            memcpy(copy, span + at, sizeof copy);
            memcpy(shrunk, copy, sizeof copy);
            CHECK((shrunk = realloc(shrunk, at % 2048 ? 900 : 200)));
            CHECK(memcmp(shrunk, copy, sizeof copy) == 0);
        }
        free(shrunk);
        block[i] = span;
    }
    for (int i = 0; i < 10; i++)
        free(block[i]);
    CHECK(heap_check() == 0);
    return 0;
}
