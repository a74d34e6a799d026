/* SPDX-License-Identifier: MIT */
/* A trace writes 1,000 lines a second at most; what it leaves out it counts. */
/* { dg-env HAKMEM_SUPER_REG_DEBUG=1 HAKMEM_TRACE_FILE=trace-%p } */
#include <time.h>

#include "lines.h"

enum { ROUNDS = 4000, LIMIT = 1000 };

static long seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

int main(void)
{
    long before = seconds();
    for (int i = 0; i < ROUNDS; i++) { /* each enters a region and removes it */
        char *p = malloc((2 << 20) + 4096);
        CHECK(p);
        free(p);
        malloc_trim(0);
    }
    long passed = seconds() - before;
    struct timespec pause = {1, 100000000};
    nanosleep(&pause, NULL); /* the next line may be written, and says what is missing */
    free(malloc(5 << 20));
    malloc_trim(0);
    lines_read(getpid());
    size_t written = lines_count("hakmem: region address=");
    unsigned long long left_out = lines_left_out("hakmem: region: ");
    CHECK(written <= (size_t)(passed + 2) * LIMIT);
    CHECK(written >= LIMIT && written + left_out >= 2 * ROUNDS);
    if ((passed + 2) * LIMIT < 2 * ROUNDS)
        CHECK(left_out > 0);
    lines_done(getpid());
    return 0;
}
