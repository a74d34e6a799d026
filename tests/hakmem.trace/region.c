/* SPDX-License-Identifier: MIT */
/* HAKMEM_SUPER_REG_DEBUG: superslabs, strips and large mappings enter the region map and leave it. */
/* { dg-env HAKMEM_LIMIT_BYTES=200m HAKMEM_SUPER_REG_DEBUG=1 HAKMEM_TRACE_FILE=trace-%p } */
#include <stdbool.h>

#include "lines.h"

static const char *line_of(const void *p, const char *kind, const char *change)
{
    char line[128];
    snprintf(line, sizeof line, "hakmem: region address=0x%lx kind=%s change=%s\n",
             (unsigned long)(uintptr_t)p, kind, change);
    return lines_find(lines.text, line);
}

static size_t removed(const char *kind)
{
    size_t n = 0;
    for (const char *l = lines.text; (l = lines_find(l, "hakmem: region ")) != NULL; l = lines_next(l))
        n += lines_says(l, "kind", kind) && lines_says(l, "change", "removed");
    return n;
}

int main(void)
{
    char *large = malloc(5 << 20);
    CHECK(large);
    lines_read(getpid());
    CHECK(line_of(large, "large", "entered") && !line_of(large, "large", "removed"));
    free(large);
    malloc_trim(0);
    lines_read(getpid());
    CHECK(line_of(large, "large", "removed"));
    static char *span[200];
    for (int i = 0; i < 200; i++)
        CHECK((span[i] = malloc(300000)));
    for (int i = 0; i < 200; i++)
        free(span[i]);
    malloc_trim(0);
    lines_read(getpid());
    int strips = 0;
    for (int i = 0; i < 200; i++) {
        void *region = (void *)((uintptr_t)span[i] & ~(uintptr_t)0x1fffff);
        bool strip = line_of(region, "strip", "entered") != NULL;
        CHECK(strip || line_of(region, "superslab", "entered"));
        strips += strip;
    }
    CHECK(strips > 0 && strips < 200);
    CHECK(removed("superslab") > 0 && removed("strip") > 0);
    lines_done(getpid());
    return 0;
}
