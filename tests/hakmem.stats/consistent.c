/* SPDX-License-Identifier: MIT */
/* hak_stats_get counts every block once, by number and by bytes, in each size range. */
/* { dg-link preload core } */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
#include "check.h"

static char *block[1000];
static struct hak_stats before, during, after;

int main(void)
{
    static const size_t sizes[] = {10, 100, 1024, 3000, 20000, 32769, 300000, 2000000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int count = sizes[s] < 30000 ? 1000 : 20;
        size_t bytes = 0;
        CHECK(heap_stats(&before) == 0);
        for (int i = 0; i < count; i++) {
            CHECK((block[i] = malloc(sizes[s])));
            bytes += malloc_usable_size(block[i]);
        }
        CHECK(heap_stats(&during) == 0);
        CHECK(during.allocations == before.allocations + count);
        CHECK(during.frees == before.frees);
        CHECK(during.live_blocks == before.live_blocks + count);
        CHECK(during.live_bytes >= before.live_bytes + bytes);
        CHECK(during.live_bytes <=
              before.live_bytes + bytes + bytes / 8 + (sizes[s] > 32768 ? 65536 : 32) * count);
        CHECK(during.live_blocks == during.allocations - during.frees);
        CHECK(during.mapped_bytes >= during.slab_bytes + during.span_bytes + during.large_bytes);
        CHECK(during.mapped_bytes >= during.live_bytes);
        CHECK(during.cache_hits <= during.allocations);
        CHECK(during.metadata_bytes > 0 && during.metadata_bytes < during.mapped_bytes);
        CHECK(sizes[s] < 1 << 20 || during.large_bytes >= before.large_bytes + bytes);
        for (int i = 0; i < count; i++)
            free(block[i]);
        CHECK(heap_stats(&after) == 0);
        CHECK(after.frees == before.frees + count);
        CHECK(after.live_blocks == before.live_blocks);
        CHECK(after.live_bytes == before.live_bytes);
        CHECK(after.threads <= 1);
    }
    CHECK(after.stage_partial + after.stage_empty + after.stage_empty_any + after.stage_unused +
              after.stage_new >
          0);
    return 0;
}
