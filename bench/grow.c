/* SPDX-License-Identifier: MIT */
/* grow.c - a buffer that grows by realloc and is filled as it grows. */
#include "bench.h"

#include <string.h>

static uint64_t first = 16, last = 64 << 20, step = 0, repeats = 20, fill = 1;

/* Returns the number of calls of realloc. */
static uint64_t grow_once(void)
{
    uint64_t calls = 0;
    size_t size = first;
    unsigned char *buffer = bench_need(malloc(size));

    memset(buffer, 'x', size);
    for (; size < last; calls++) {
        size_t larger = step ? size + step : size * 2;

        buffer = bench_need(realloc(buffer, larger));
        if (fill)
            memset(buffer + size, 'x', larger - size);
        else
            buffer[larger - 1] = 'x';
        size = larger;
    }
    if (buffer[0] != 'x' || buffer[size - 1] != 'x')
        bench_fail("the contents of the buffer are lost");
    free(buffer);
    return calls;
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"first", &first, "first size"},
        {"last", &last, "size at which growth ends"},
        {"step", &step, "bytes added each time, 0: double"},
        {"repeats", &repeats, "buffers grown, one after the other"},
        {"fill", &fill, "1: fill what is new, 0: write its last byte only"},
        {NULL, NULL, NULL},
    };
    uint64_t calls = 0;

    bench_options(argc, argv, "Grow a buffer with realloc.", options);
    bench_range("first", first, 1, UINT64_MAX >> 2);
    bench_range("last", last, first, UINT64_MAX >> 2);
    bench_range("step", step, 0, UINT64_MAX >> 2);
    bench_range("repeats", repeats, 1, UINT64_MAX);
    bench_range("fill", fill, 0, 1);
    bench_begin();
    for (uint64_t i = 0; i < repeats; i++)
        calls += grow_once();
    bench_end();
    bench_report("grow", calls);
    return 0;
}
