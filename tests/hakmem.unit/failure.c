/* SPDX-License-Identifier: MIT */
/* Each refusal is NULL with ENOMEM and is remembered with its reason. */
#include <pthread.h>

#include "check.h"

static uint64_t failures;

static void refused(void *p, size_t size, unsigned reason)
{
    struct hak_error last;
    CHECK(p == NULL && errno == ENOMEM);
    CHECK(hak_last_error(&last, sizeof last) == 1);
    CHECK(last.reason == reason);
    CHECK(size == 0 || last.bytes == size);
    CHECK(last.size_class == -1);
    CHECK(last.system_call != NULL);
    CHECK(last.number == failures++);
    CHECK(last.time_ns > 1000000000u * UINT64_C(1600000000));
    CHECK(last.thread_id == gettid() && last.thread == (uint64_t)pthread_self());
    CHECK(last.alignment >= 16 && (last.alignment & (last.alignment - 1)) == 0);
    CHECK(last.mapped_bytes > 0 && last.mappings > 0);
    CHECK(last.address_space > last.mapped_bytes && last.maps > 0);
    CHECK(last.overcommit >= 0 && last.overcommit <= 2);
    if (reason == HAK_REASON_THRESHOLD)
        CHECK(strcmp(last.system_call, "none") == 0 && last.saved_errno == 0);
    if (reason == HAK_REASON_MAPFAIL)
        CHECK(strcmp(last.system_call, "mmap") == 0 && last.saved_errno == ENOMEM);
    errno = 0;
}

int main(void)
{
    struct hak_error none;
    CHECK(hak_last_error(&none, sizeof none) == 0);
    errno = 0;
    CHECK(hak_last_error(NULL, sizeof none) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(hak_last_error(&none, 0) == -1 && errno == EINVAL);
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
