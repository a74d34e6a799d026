/* SPDX-License-Identifier: MIT */
/* Memory of one class is reused by every other class: the address space does not grow with each. */
/* { dg-variant "-DORDER=0" } */
/* { dg-variant "-DORDER=1" } */
/* { dg-variant "-DORDER=2" } */
#include "check.h"

enum { TOTAL = 24 << 20 };
static void *block[TOTAL / 48];

int main(void)
{
    static const size_t sizes[] = {48, 64, 160, 512, 1024, 3000, 20000, 100000, 700000};
    struct hak_stats first, last;
    uint64_t state = 42;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t count = TOTAL / sizes[i];
        for (size_t k = 0; k < count; k++) {
            CHECK((block[k] = malloc(sizes[i])));
            memset(block[k], 1, 16);
        }
        if (ORDER == 2)
            for (size_t k = count - 1; k > 0; k--) {
                size_t other = next_random(&state) % (k + 1);
                void *keep = block[k];
                block[k] = block[other];
                block[other] = keep;
            }
        for (size_t k = 0; k < count; k++)
            free(block[ORDER == 1 ? count - 1 - k : k]);
        if (ORDER == 2) /* scattered blocks in caches pin a slab each: flush */
            malloc_trim(0);
        CHECK(heap_check() == 0);
        if (i == 0)
            CHECK(heap_stats(&first) == 0);
    }
    CHECK(heap_stats(&last) == 0);
    CHECK(last.live_blocks == first.live_blocks);
    /* What one class needed, and room for growth steps, caches and spans that do not fit. */
    CHECK(last.mapped_bytes <= TOTAL + TOTAL / 2 + (24u << 20));
    CHECK(ORDER == 2 || last.stage_empty + last.stage_empty_any > 0);
    return 0;
}
