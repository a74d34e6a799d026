/* SPDX-License-Identifier: MIT */
/* Each refusal is NULL with ENOMEM and is remembered with its reason. */
#include "check.h"

static void refused(void *p, size_t size, enum hak_reason reason)
{
    struct hak_failure last;
    CHECK(p == NULL && errno == ENOMEM);
    CHECK(hak_last_failure(&last) == 1);
    CHECK(last.reason == reason);
    CHECK(size == 0 || last.size == size);
    CHECK(last.size_class == -1);
    CHECK(last.system_call != NULL);
    if (reason == HAK_REASON_THRESHOLD)
        CHECK(strcmp(last.system_call, "none") == 0 && last.saved_errno == 0);
    if (reason == HAK_REASON_MAPFAIL)
        CHECK(strcmp(last.system_call, "mmap") == 0 && last.saved_errno == ENOMEM);
    errno = 0;
}

int main(void)
{
    struct hak_failure none;
    CHECK(hak_last_failure(&none) == 0);
    struct hak_stats before, after;
    CHECK(heap_stats(&before) == 0);
    size_t huge = (size_t)PTRDIFF_MAX + 1;
    errno = 0;
    refused(malloc(huge), huge, HAK_REASON_THRESHOLD);
    refused(malloc(SIZE_MAX), SIZE_MAX, HAK_REASON_THRESHOLD);
    refused(calloc(SIZE_MAX / 2, 3), 0, HAK_REASON_THRESHOLD);
    char *p = malloc(10);
    p[0] = 'k';
    refused(realloc(p, huge), huge, HAK_REASON_THRESHOLD);
    CHECK(p[0] == 'k');
    refused(memalign(64, SIZE_MAX - 100), SIZE_MAX - 100, HAK_REASON_THRESHOLD);
    refused(malloc((size_t)1 << 60), (size_t)1 << 60, HAK_REASON_MAPFAIL);
    free(p);
    CHECK(heap_stats(&after) == 0);
    CHECK(after.failures == before.failures + 6);
    return 0;
}
