/* SPDX-License-Identifier: MIT */
/* HAKMEM_MEM_TRACE: lines on the memory in use, while the process allocates. */
/* { dg-env HAKMEM_MEM_TRACE=1 HAKMEM_TRACE_FILE=trace-%p } */
#include "lines.h"

enum { BLOCKS = 40000, SIZE = 1000 };
static char *block[BLOCKS];

int main(void)
{
    for (int i = 0; i < BLOCKS; i++)
        CHECK((block[i] = malloc(SIZE)));
    const char *last = NULL;
    for (;;) { /* until the clock has moved on far enough; the harness ends a test that hangs */
        for (int i = 0; i < 1000; i++)
            free(malloc(100000 + (size_t)i * 200));
        lines_read(getpid());
        size_t n = 0;
        for (const char *l = lines.text; (l = lines_find(l, "hakmem: memory ")) != NULL; l = lines_next(l)) {
            last = l;
            n++;
        }
        if (n >= 3 && lines_value(last, "in_use") >= (size_t)BLOCKS * SIZE) /* not one of the time before */
            break;
    }
    CHECK(lines_value(last, "mapped") >= lines_value(last, "in_use"));
    CHECK(lines_value(last, "threads") == 1);
    (void)lines_value(last, "kept");
    lines_done(getpid());
    return 0;
}
