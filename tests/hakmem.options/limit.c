/* SPDX-License-Identifier: MIT */
/* HAKMEM_LIMIT_BYTES: requests beyond it fail with ENOMEM and the reason Exhaustion, of every kind; what was
 * freed can be had again. */
/* { dg-link shared } */
/* { dg-env HAKMEM_LIMIT_BYTES=12m } */
#include "check.h"

enum { MOST = 12 << 20, COUNT = 20000 };
static void *block[COUNT];

/* Allocate SIZE until it fails; the number. */
static int fill(size_t size)
{
    int n = 0;
    errno = 0;
    while (n < COUNT && (block[n] = malloc(size)))
        memset(block[n++], 1, size);
    CHECK(n < COUNT && errno == ENOMEM);
    struct hak_error why;
    CHECK(hak_last_error(&why, sizeof why) == 1 && why.reason == HAK_REASON_EXHAUSTION && why.bytes == size);
    struct hak_stats s;
    CHECK(hak_stats_get(&s, sizeof s) == 0 && s.mapped_bytes - s.metadata_bytes <= MOST);
    return n;
}

static void empty(int n)
{
    while (n-- > 0)
        free(block[n]);
}

int main(void)
{
    static const size_t sizes[] = {1000, 20000, 100000, 3 << 20};
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            int n = fill(sizes[i]);
            CHECK((size_t)n * sizes[i] >= MOST / 3);
            empty(n);
        }
    char *large = malloc(2 << 20);
    CHECK(large);
    large[1] = 'x';
    CHECK(realloc(hide(large), 64 << 20) == NULL && large[1] == 'x');
    free(large);
    uint64_t limit = 0;
    CHECK(hak_ctl("option.limit_bytes", NULL, &limit) == 0);
    CHECK((large = malloc(64 << 20)));
    free(large);
    CHECK(hak_check() == 0);
    return 0;
}
