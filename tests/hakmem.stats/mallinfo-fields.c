/* SPDX-License-Identifier: MIT */
/* Each field of mallinfo2 is what hakmem(3) says, and the older structure is cut at INT_MAX. */
#include "check.h"

enum { COUNT = 20000 };
static char *block[COUNT];

static void check_fields(struct mallinfo2 m)
{
    struct hak_stats s;
    CHECK(m.arena == m.uordblks + m.fordblks);
    CHECK(m.fsmblks <= m.fordblks && (m.smblks != 0) == (m.fsmblks != 0));
    CHECK(m.ordblks == 0 || m.fordblks > m.fsmblks);
    CHECK(heap_stats(&s) == 0);
    CHECK(m.arena == s.slab_bytes + s.span_bytes + s.shelved_bytes);
    CHECK(m.uordblks + m.hblkhd == s.live_bytes);
    CHECK(m.hblks == s.large_blocks && m.hblkhd == s.large_bytes);
    CHECK(m.fsmblks == s.cached_bytes && m.smblks == s.cached_blocks);
    CHECK(m.usmblks == s.in_use_peak_bytes && m.usmblks >= m.hblkhd + s.slab_bytes - s.empty_bytes);
    CHECK(m.keepcost >= s.retained_bytes + s.cached_bytes + s.free_bytes);
}

int main(void)
{
    struct mallinfo2 start = mallinfo2(), full, less, last;
    check_fields(start);
    for (int i = 0; i < COUNT; i++) {
        CHECK((block[i] = malloc(i % 3000 + 100)));
        memset(block[i], 1, i % 3000 + 100);
    }
    char *big = malloc(10000000), *span = malloc(500000);
    CHECK(big && span);
    full = mallinfo2();
    check_fields(full);
    CHECK(full.uordblks > start.uordblks + COUNT * 1500 && full.hblks == start.hblks + 1);
    for (int i = 0; i < COUNT; i++)
        if (i % 10)
            free(block[i]);
    less = mallinfo2();
    check_fields(less);
    CHECK(less.ordblks > 1000 && less.fordblks > full.fordblks);
    CHECK(less.usmblks == full.usmblks);
    free(span);
    free(big);
    long before = resident_kib();
    struct mallinfo2 now = mallinfo2();
    check_fields(now);
    malloc_trim(0);
    last = mallinfo2();
    check_fields(last);
    CHECK(before - resident_kib() <= (long)(now.keepcost / 1024) + 64); /* the most that it can return */
    CHECK(before - resident_kib() > 1000);

    char *huge = malloc((size_t)3 << 30); /* not touched */
    CHECK(huge);
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    struct mallinfo old = mallinfo();
    CHECK(old.hblkhd == INT32_MAX && old.usmblks == INT32_MAX && old.hblks == (int)last.hblks + 1);
    CHECK((size_t)old.arena == mallinfo2().arena);
    return 0;
}
