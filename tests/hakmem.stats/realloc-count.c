/* SPDX-License-Identifier: MIT */
/* Resizing, aligning and refusing keep the counts true: live blocks are those that live. */
/* { dg-link preload core } */
#include "check.h"

int main(void)
{
    struct hak_stats before, after;
    free(malloc(1));
    CHECK(heap_stats(&before) == 0);
    for (size_t n = 1; n < 5000000; n = n * 2 + 1) {
        char *p = malloc(n);
        CHECK((p = realloc(p, n * 2)));
        CHECK((p = realloc(p, n / 2 + 1)));
        CHECK(realloc(p, (size_t)1 << 62) == NULL);
        CHECK(realloc(p, 0) == NULL);
        free(memalign(256, n));
        free(memalign(1 << 20, n));
        free(calloc(n, 3));
        CHECK(malloc(SIZE_MAX) == NULL);
    }
    free(NULL);
    CHECK(heap_stats(&after) == 0);
    CHECK(after.live_blocks == before.live_blocks);
    CHECK(after.live_bytes == before.live_bytes);
    CHECK(after.failures > before.failures);
    return 0;
}
