/* SPDX-License-Identifier: MIT */
/* Many threads fail and read at once: every record that is read is whole, and of the failure it says. */
/* { dg-link core tsan } */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"
#include "events/failure.h"

/* Each failure's words follow from its size: a record that mixes two of them shows. */
enum { WRITERS = 4, READERS = 3 };
#ifdef HAK_SANITIZED
enum { FAILURES = 3000 };
#else
enum { FAILURES = 200000 };
#endif
static atomic_int writing = WRITERS;
static atomic_uint_fast64_t read_whole;

static size_t alignment_of(size_t i)
{
    return (size_t)16 << i % 16;
}

static void *fail(void *arg)
{
    size_t base = (size_t)(uintptr_t)arg << 32;
    for (size_t i = 0; i < FAILURES; i++) {
        errno = 0;
        CHECK(failure_record((enum failure_reason)(1 + i % 3), base + i, alignment_of(i), (int)(i % 1000)) ==
              NULL);
        CHECK(errno == ENOMEM);
    }
    atomic_fetch_sub(&writing, 1);
    return (void *)pthread_self();
}

static void whole(const struct failure *f)
{
    size_t i = f->size & 0xffffffff, writer = f->size >> 32;
    CHECK(writer >= 1 && writer <= WRITERS && i < FAILURES);
    CHECK(f->alignment == alignment_of(i) && f->reason == 1 + i % 3 && f->size_class == (int64_t)(i % 1000));
    CHECK(strcmp(f->call, "none") == 0 && f->code == 0);
    CHECK(f->number < failure_count());
}

static void *look(void *unused)
{
    uint64_t seen = 0;
    while (atomic_load(&writing)) {
        struct failure f;
        uint64_t before = failure_count();
        if (failure_latest(&f)) {
            whole(&f);
            CHECK(f.number + FAILURE_RECORDS >= before);
            seen++;
        }
        for (unsigned back = 0; back < FAILURE_RECORDS; back++)
            if (failure_nth(back, &f)) {
                whole(&f);
                seen++;
            }
    }
    atomic_fetch_add(&read_whole, seen);
    return unused;
}

int main(void)
{
    pthread_t writer[WRITERS], reader[READERS];
    for (uintptr_t i = 0; i < READERS; i++)
        CHECK(pthread_create(&reader[i], NULL, look, NULL) == 0);
    for (uintptr_t i = 0; i < WRITERS; i++)
        CHECK(pthread_create(&writer[i], NULL, fail, (void *)(i + 1)) == 0);
    for (int i = 0; i < WRITERS; i++)
        CHECK(pthread_join(writer[i], NULL) == 0);
    for (int i = 0; i < READERS; i++)
        CHECK(pthread_join(reader[i], NULL) == 0);
    CHECK(failure_count() == (uint64_t)WRITERS * FAILURES);
    struct failure f;
    unsigned kept = 0;
    for (unsigned back = 0; back < FAILURE_RECORDS; back++)
        if (failure_nth(back, &f)) {
            CHECK(f.number == failure_count() - 1 - back);
            kept++;
        }
    CHECK(kept >= FAILURE_RECORDS / 2 && atomic_load(&read_whole) > 0);
    return 0;
}
