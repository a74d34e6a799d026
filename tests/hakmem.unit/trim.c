/* SPDX-License-Identifier: MIT */
/* Sparse survivors: hak_trim() gives back the free pages inside partial slabs, contents intact. */
#include "check.h"

enum { COUNT = 100000 };
static unsigned char *block[COUNT];

int main(void)
{
    uint64_t state = 7;
    for (int i = 0; i < COUNT; i++) {
        size_t n = 64 + next_random(&state) % 512;
        CHECK((block[i] = malloc(n)));
        memset(block[i], i & 0xff, n);
    }
    struct hak_stats stats;
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.slab_bytes > 30u << 20);
    uint64_t purged = stats.purged_bytes;
    for (int i = 0; i < COUNT; i++)
        if (i % 1000) {
            free(block[i]);
            block[i] = NULL;
        }
    CHECK(malloc_trim(0) == 1);
    CHECK(heap_stats(&stats) == 0);
    CHECK(stats.purged_bytes > purged + (20u << 20));
    CHECK(heap_check() == 0);
    for (int i = 0; i < COUNT; i += 1000)
        CHECK(block[i][0] == (i & 0xff) && block[i][63] == (i & 0xff));
    for (int i = 1; i < COUNT; i += 1000) /* the purged pages are usable again */
        memset((block[i] = malloc(300)), 1, 300);
    CHECK(heap_check() == 0);
    return 0;
}
