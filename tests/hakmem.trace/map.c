/* SPDX-License-Identifier: MIT */
/* HAKMEM_SS_MAP_TRACE: each system call on memory, with its result; strace.sh compares them with the
 * kernel's. */
/* { dg-env HAKMEM_SS_MAP_TRACE=1 HAKMEM_TRACE_FILE=trace-%p } */
#include "lines.h"

/* A successful CALL that covers P. */
static int covers(const char *call, const void *p)
{
    for (const char *l = lines.text; (l = lines_find(l, "hakmem: map ")) != NULL; l = lines_next(l)) {
        uintptr_t at = lines_value(l, "address");
        if (lines_says(l, "call", call) && lines_says(l, "errno", "0") &&
            (uintptr_t)p - at < lines_value(l, "size"))
            return 1;
    }
    return 0;
}

int main(void)
{
    char *p = malloc(7 << 20);
    CHECK(p);
    char *q = realloc(p, 90 << 20);
    CHECK(q);
    free(q);
    CHECK(malloc((size_t)1 << 60) == NULL);
    malloc_trim(0);
    lines_read(getpid());
    CHECK(covers("mmap", p) && covers("mremap", p) && covers("munmap", q));
    const char *refused = NULL;
    for (const char *l = lines.text; (l = lines_find(l, "hakmem: map call=mmap ")) != NULL; l = lines_next(l))
        if (lines_value(l, "size") >= (uint64_t)1 << 60)
            refused = l;
    CHECK(refused && lines_value(refused, "errno") == ENOMEM);
    if (!getenv("KEEP"))
        lines_done(getpid());
    return 0;
}
