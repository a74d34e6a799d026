/* SPDX-License-Identifier: MIT */
/* What free finds of a guarded block is told with the stacks of the block, too. */
/* { dg-env HAKMEM_GUARD_BYTES=1 HAKMEM_GUARD_REPORT=1 } */
#include "guarded.h"

static void again(void *p)
{
    release(p);
    release(hide(p));
}

static void inside(void *p)
{
    release((char *)hide(p) + 16);
}

int main(void)
{
    static char text[8192], line[128];
    char *p = guarded(96, 1);
    CHECK(child(again, p, text) == SIGABRT);
    snprintf(line, sizeof line, "hakmem: free(): double free 0x%lx\n", (unsigned long)p);
    CHECK(strstr(text, line) && strstr(text, "at byte 0 of the block of 96 bytes"));
    CHECK(stack_passes(text, "hakmem: allocated by", (void *)allocate));
    CHECK(stack_passes(text, "hakmem: freed by", (void *)release));
    CHECK(child(inside, p, text) == SIGABRT);
    snprintf(line, sizeof line, "hakmem: free(): invalid pointer 0x%lx\n", (unsigned long)p + 16);
    CHECK(strstr(text, line) && strstr(text, "at byte 16 of the block of 96 bytes"));
    CHECK(stack_passes(text, "hakmem: allocated by", (void *)allocate) && !strstr(text, "freed by"));
    return 0;
}
