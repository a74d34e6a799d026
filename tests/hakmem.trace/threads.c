/* SPDX-License-Identifier: MIT */
/* Many threads trace at once: every line is whole and there once, those of a thread in order, and what is
 * missing is counted. */
/* { dg-link core tsan } */
/* { dg-env HAKMEM_SS_ACQUIRE_DEBUG=1 HAKMEM_TRACE_FILE=trace-%p } */
#include <pthread.h>

#include "lines.h"
#include "events/trace.h"

enum { THREADS = 4, LINES = 600 };

static void *trace(void *arg)
{
    uint64_t thread = (uintptr_t)arg;
    for (uint64_t i = 0; i < LINES; i++) {
        struct line m;
        trace_begin(&m, CHANNEL_ACQUIRE);
        line_field(&m, "thread", thread);
        line_field(&m, "line", i);
        line_field(&m, "sum", thread * 1000000 + i);
        trace_end(&m, CHANNEL_ACQUIRE);
        if (i % 3 == thread % 3)
            trace_flush();
    }
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    long long last[THREADS + 1] = {-1, -1, -1, -1, -1};
    free(malloc(1)); /* the library starts */
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, trace, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    trace_finish();
    lines_read(getpid());
    size_t seen = 0;
    for (const char *l = lines.text; l && *l; l = lines_next(l)) {
        CHECK(strncmp(l, "hakmem: acquire", 15) == 0);
        if (l[15] == ':' || strstr(l, " slab=") == l + 15)
            continue; /* what was left out; slabs of libc's own allocations are none of ours */
        unsigned long long of = lines_value(l, "thread"), i = lines_value(l, "line");
        CHECK(of >= 1 && of <= THREADS && lines_value(l, "sum") == of * 1000000 + i && i < LINES);
        CHECK((long long)i > last[of]);
        last[of] = (long long)i;
        seen++;
    }
    CHECK(seen > 0 && seen + lines_left_out("hakmem: acquire: ") >= THREADS * LINES);
    CHECK(seen <= THREADS * LINES);
    lines_done(getpid());
    return 0;
}
