/* SPDX-License-Identifier: MIT */
/* HAKMEM_SS_ACQUIRE_DEBUG and HAKMEM_SS_FREE_DEBUG: each slab that a class gets, with the stage it came from,
 * and each that becomes EMPTY and is given back. */
/* { dg-env HAKMEM_SS_ACQUIRE_DEBUG=1 HAKMEM_SS_FREE_DEBUG=1 HAKMEM_TRACE_FILE=trace-%p } */
#include "lines.h"

enum { SIZE = 512, CLASS = 32, BLOCKS = 1280, SLAB_BLOCKS = 65536 / SIZE };
static char *block[BLOCKS];

static void one_round(void)
{
    for (int i = 0; i < BLOCKS; i++)
        CHECK((block[i] = malloc(SIZE)));
    for (int i = 0; i < BLOCKS; i++)
        free(block[i]);
    malloc_trim(0);
}

int main(void)
{
    static char *young[5000];
    for (int i = 0; i < 5000; i++) /* the first blocks of the process come from elsewhere */
        CHECK((young[i] = malloc(100)));
    one_round();
    one_round();
    lines_read(getpid());
    CHECK(lines_find(lines.text, "hakmem: acquire slab=0x") && lines_left_out("hakmem: acquire: ") == 0);
    size_t mine = 0, stages = 0;
    for (const char *l = lines.text; (l = lines_find(l, "hakmem: acquire ")) != NULL; l = lines_next(l)) {
        stages += lines_says(l, "stage", "unused") || lines_says(l, "stage", "new") ||
                  lines_says(l, "stage", "empty") || lines_says(l, "stage", "empty_any");
        if (lines_says(l, "class", "young"))
            continue;
        if (lines_value(l, "class") == CLASS) {
            CHECK(lines_value(l, "size") == SIZE && lines_value(l, "slab") % 65536 == 0);
            /* It became EMPTY again. */
            char freed[128];
            snprintf(freed, sizeof freed,
                     "hakmem: free slab=0x%llx class=%d size=%d granules=1 state=empty\n",
                     lines_value(l, "slab"), CLASS, SIZE);
            CHECK(lines_find(l, freed));
            mine++;
        }
    }
    CHECK(mine >= 2 * (BLOCKS / SLAB_BLOCKS) && stages == lines_count("hakmem: acquire "));
    size_t given = 0;
    for (const char *l = lines.text; (l = lines_find(l, "hakmem: free ")) != NULL; l = lines_next(l))
        if (lines_says(l, "state", "purged") || lines_says(l, "state", "unmapped"))
            given += lines_value(l, "granules");
    CHECK(given >= BLOCKS / SLAB_BLOCKS);
    lines_done(getpid());
    return 0;
}
